use std::collections::HashMap;

use hash::{FullObjectCrc, Md5};
use remote::{PartRecord, UploadRecord};
use store::{CompleteOptions, CompletedPart, ObjectIdentity, PartProblem, StoreError, StoreErrorKind};
use types::{Checksum, ChecksumKind, ETag};

use super::part::algorithm_of;
use crate::api::SentPart;
use crate::place::Identified;
use crate::table::{PartTable, TablePart};

/// An object as its parts make it.
pub(super) struct Assembled {
    pub(super) identified: Identified,
    pub(super) sent: Vec<SentPart>,
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
    stored: Vec<PartRecord>,
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
    let mut stored: HashMap<u32, PartRecord> = stored.into_iter().map(|part| (part.number, part)).collect();
    let is_composite = upload.checksum.is_some() && kind == ChecksumKind::Composite;
    let (mut parts, mut sent) = (Vec::with_capacity(listed.len()), Vec::with_capacity(listed.len()));
    for part in listed {
        let found = stored.remove(&part.number).filter(|found| found.etag == part.etag);
        let found = found.ok_or_else(|| refused(PartProblem::Invalid(part.number)))?;
        match part.checksum {
            None if is_composite => return Err(refused(PartProblem::ChecksumMissing(part.number))),
            Some(checksum) if !agrees(&checksum, &found, upload) => {
                return Err(refused(PartProblem::Invalid(part.number)));
            }
            _ => {}
        }
        parts.push(TablePart { number: part.number, size_bytes: found.size_bytes, checksum: found.checksum });
        let etag = String::from_utf8(found.provider);
        let etag = etag.map_err(|_| StoreError::new(StoreErrorKind::Corrupt, "complete upload"))?;
        sent.push(SentPart { etag, number: part.number });
    }
    let size_bytes = hold_sizes(&parts, options, part_min_bytes)?;
    let checksum = whole_checksum(upload, kind, &parts);
    hold_checksum(options.checksum, checksum)?;
    let etag = etag_of(listed).ok_or_else(|| refused(PartProblem::Order))?;
    let part_sizes = parts.iter().map(|part| part.size_bytes).collect();
    let identity = ObjectIdentity { etag, checksum, part_sizes };
    Ok(Assembled { identified: Identified { identity, table: PartTable { parts } }, sent, size_bytes })
}

/// Whether the checksum that a client repeats for a part is the part's. Where the upload named no algorithm, a client may
/// repeat one that was verified and not kept.
fn agrees(listed: &Checksum, part: &PartRecord, upload: &UploadRecord) -> bool {
    match part.checksum {
        Some(kept) if kept.algorithm == listed.algorithm => kept.value == listed.value,
        _ => upload.checksum.is_none(),
    }
}

fn hold_sizes(
    parts: &[TablePart],
    options: &CompleteOptions,
    part_min_bytes: u64,
) -> Result<u64, StoreError> {
    let but_last = &parts[..parts.len().saturating_sub(1)];
    if let Some(small) = but_last.iter().find(|part| part.size_bytes < part_min_bytes) {
        let (number, size_bytes) = (small.number, small.size_bytes);
        return Err(refused(PartProblem::TooSmall { number, size_bytes }));
    }
    let size_bytes = parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.size_bytes));
    if options.object_size_bytes.is_some_and(|expected| expected != size_bytes) {
        return Err(refused(PartProblem::ObjectSize));
    }
    if options.max_size_bytes.is_some_and(|max| size_bytes > max) {
        return Err(refused(PartProblem::TooLarge { size_bytes }));
    }
    Ok(size_bytes)
}

fn whole_checksum(upload: &UploadRecord, kind: ChecksumKind, parts: &[TablePart]) -> Option<Checksum> {
    let algorithm = algorithm_of(upload);
    let checksums: Option<Vec<Checksum>> = parts.iter().map(|part| part.checksum).collect();
    let checksums = checksums?;
    match kind {
        ChecksumKind::Composite => Some(hash::composite(algorithm, &checksums)),
        ChecksumKind::FullObject => {
            let mut whole = FullObjectCrc::new(algorithm)?;
            for (part, checksum) in parts.iter().zip(&checksums) {
                whole = whole.append(checksum, part.size_bytes)?;
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
