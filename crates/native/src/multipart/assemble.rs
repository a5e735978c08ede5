use std::collections::HashMap;

use hash::{FullObjectCrc, Md5};
use store::{CompleteOptions, CompletedPart, PartProblem, StoreError, StoreErrorKind};
use types::{Checksum, ChecksumKind, ETag};

use super::put_part::algorithm_of;
use crate::record::{PartEntry, PartRecord, UploadRecord};

/// An object as its parts make it.
pub(super) struct Assembled {
    pub(super) entries: Vec<PartEntry>,
    pub(super) etag: ETag,
    pub(super) checksum: Option<Checksum>,
    pub(super) size_bytes: u64,
}

fn refused(problem: PartProblem) -> StoreError {
    StoreError::new(StoreErrorKind::Part(problem), "complete upload")
}

/// The tag of an object of these parts, by the tags that a client lists; `None` where one is no part's tag.
pub(super) fn etag_of(parts: &[CompletedPart]) -> Option<ETag> {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&part.etag.md5()?);
    }
    Some(ETag::multipart(md5.finish(), u32::try_from(parts.len()).ok()?))
}

/// Holds the parts that a client lists to what was uploaded and to S3's rules, and puts them together.
///
/// Source: "CompleteMultipartUpload" in the Amazon S3 API reference.
pub(super) fn assemble(
    upload: &UploadRecord,
    stored: &[(u32, PartRecord)],
    listed: &[CompletedPart],
    options: &CompleteOptions,
    part_min_bytes: u64,
) -> Result<Assembled, StoreError> {
    if listed.is_empty() || !listed.is_sorted_by(|a, b| a.number < b.number) {
        return Err(refused(PartProblem::Order));
    }
    let kind = upload.checksum.map_or(ChecksumKind::FullObject, |named| named.kind);
    if options.checksum_kind.is_some_and(|named| named != kind) {
        return Err(refused(PartProblem::ChecksumKind));
    }
    let by_number: HashMap<u32, &PartRecord> = stored.iter().map(|(number, part)| (*number, part)).collect();
    let composite = upload.checksum.is_some() && kind == ChecksumKind::Composite;
    let mut entries = Vec::with_capacity(listed.len());
    for part in listed {
        let found = by_number.get(&part.number).filter(|found| found.etag() == part.etag);
        let found = found.ok_or_else(|| refused(PartProblem::Invalid(part.number)))?;
        match part.checksum {
            None if composite => return Err(refused(PartProblem::ChecksumMissing(part.number))),
            Some(checksum) if !agrees(&checksum, found, upload) => {
                return Err(refused(PartProblem::Invalid(part.number)));
            }
            _ => {}
        }
        entries.push(entry(part.number, found));
    }
    hold_sizes(&entries, options, part_min_bytes)?;
    let checksum = whole_checksum(upload, kind, &entries);
    hold_checksum(options.checksum, checksum)?;
    let etag = etag_of(listed).ok_or_else(|| refused(PartProblem::Order))?;
    let size_bytes = entries.iter().map(|entry| entry.size_bytes).sum();
    Ok(Assembled { entries, etag, checksum, size_bytes })
}

/// Whether the checksum that a client repeats for a part is the part's. Where the upload named no algorithm, a client may
/// repeat one that was verified and not kept.
fn agrees(listed: &Checksum, part: &PartRecord, upload: &UploadRecord) -> bool {
    match part.checksum {
        Some(kept) if kept.algorithm == listed.algorithm => kept.value == listed.value,
        _ => upload.checksum.is_none(),
    }
}

fn entry(number: u32, part: &PartRecord) -> PartEntry {
    PartEntry {
        number,
        size_bytes: part.size_bytes,
        place: part.place,
        place_offset: 0,
        md5: Some(part.md5),
        checksum: part.checksum,
    }
}

fn hold_sizes(
    entries: &[PartEntry],
    options: &CompleteOptions,
    part_min_bytes: u64,
) -> Result<(), StoreError> {
    let but_last = &entries[..entries.len().saturating_sub(1)];
    if let Some(small) = but_last.iter().find(|entry| entry.size_bytes < part_min_bytes) {
        let (number, size_bytes) = (small.number, small.size_bytes);
        return Err(refused(PartProblem::TooSmall { number, size_bytes }));
    }
    let size_bytes = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.size_bytes));
    if options.object_size_bytes.is_some_and(|expected| expected != size_bytes) {
        return Err(refused(PartProblem::ObjectSize));
    }
    if options.max_size_bytes.is_some_and(|max| size_bytes > max) {
        return Err(refused(PartProblem::TooLarge { size_bytes }));
    }
    Ok(())
}

fn whole_checksum(upload: &UploadRecord, kind: ChecksumKind, entries: &[PartEntry]) -> Option<Checksum> {
    let algorithm = algorithm_of(upload);
    let checksums: Vec<Checksum> = entries.iter().filter_map(|entry| entry.checksum).collect();
    if checksums.len() != entries.len() {
        return None;
    }
    match kind {
        ChecksumKind::Composite => Some(hash::composite(algorithm, &checksums)),
        ChecksumKind::FullObject => {
            let mut whole = FullObjectCrc::new(algorithm)?;
            for (entry, checksum) in entries.iter().zip(&checksums) {
                whole = whole.append(checksum, entry.size_bytes)?;
            }
            Some(whole.finish())
        }
    }
}

fn hold_checksum(expected: Option<Checksum>, found: Option<Checksum>) -> Result<(), StoreError> {
    let (Some(expected), Some(found)) = (expected, found) else { return Ok(()) };
    if expected.algorithm != found.algorithm {
        return Err(refused(PartProblem::ChecksumAlgorithm(found.algorithm)));
    }
    if expected.value != found.value {
        let kind = StoreErrorKind::DigestMismatch(Some(found.algorithm));
        return Err(StoreError::new(kind, "complete upload"));
    }
    Ok(())
}
