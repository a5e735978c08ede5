use store::{CompleteOptions, CompletedPart, PartProblem, StoreError, StoreErrorKind, UploadChecksum};
use types::{Checksum, ChecksumKind, ETag};

use crate::UploadedPart;
use crate::whole::{checksum_of, etag_of, kind_of};

/// The parts that a client lists on completing an upload: in ascending order, of the upload's kind of checksum.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    upload: Option<UploadChecksum>,
    parts: &'a [CompletedPart],
    options: &'a CompleteOptions,
}

/// An object as its parts make it.
#[derive(Debug)]
pub struct Assembled<P> {
    /// The parts, in the order listed.
    pub parts: Vec<P>,
    /// The entity tag of the whole.
    pub etag: ETag,
    /// The checksum of the whole, where those of the parts make one.
    pub checksum: Option<Checksum>,
    /// The size of the whole.
    pub size_bytes: u64,
}

impl<'a> Listing<'a> {
    /// Takes what a client lists for an upload that was begun with the checksum `upload`.
    ///
    /// # Errors
    /// `Part(Order)` where there is none or they do not ascend, `Part(ChecksumKind)`.
    pub fn new(
        upload: Option<UploadChecksum>,
        parts: &'a [CompletedPart],
        options: &'a CompleteOptions,
    ) -> Result<Self, StoreError> {
        if parts.is_empty() || !parts.is_sorted_by(|a, b| a.number < b.number) {
            return Err(refused(PartProblem::Order));
        }
        if options.checksum_kind.is_some_and(|named| named != kind_of(upload)) {
            return Err(refused(PartProblem::ChecksumKind));
        }
        Ok(Self { upload, parts, options })
    }

    /// The numbers listed.
    #[must_use]
    pub fn numbers(&self) -> Vec<u32> {
        self.parts.iter().map(|part| part.number).collect()
    }

    /// Holds what is listed to the parts that were uploaded, `found` in the order listed, and to S3's rules, and puts them
    /// together. Parts but the last are at least `part_min_bytes` large.
    ///
    /// Source: "CompleteMultipartUpload" in the Amazon S3 API reference.
    ///
    /// # Errors
    /// `Part` with what is wrong; `DigestMismatch` where the whole has another checksum than the client expects.
    pub fn assemble<P: UploadedPart>(
        &self,
        found: impl IntoIterator<Item = Option<P>>,
        part_min_bytes: u64,
    ) -> Result<Assembled<P>, StoreError> {
        let mut parts = Vec::with_capacity(self.parts.len());
        for (listed, found) in self.parts.iter().zip(found) {
            parts.push(self.hold_part(listed, found)?);
        }
        let size_bytes = self.hold_sizes(&parts, part_min_bytes)?;
        let checksum = checksum_of(self.upload, &parts);
        self.hold_checksum(checksum)?;
        let etag = etag_of(self.parts).ok_or_else(|| refused(PartProblem::Order))?;
        Ok(Assembled { parts, etag, checksum, size_bytes })
    }

    fn hold_part<P: UploadedPart>(&self, listed: &CompletedPart, found: Option<P>) -> Result<P, StoreError> {
        let invalid = || refused(PartProblem::Invalid(listed.number));
        let found = found.filter(|found| found.has_etag(&listed.etag)).ok_or_else(invalid)?;
        let is_composite = self.upload.is_some() && kind_of(self.upload) == ChecksumKind::Composite;
        match listed.checksum {
            None if is_composite => Err(refused(PartProblem::ChecksumMissing(listed.number))),
            Some(checksum) if !self.agrees(&checksum, found.checksum()) => Err(invalid()),
            _ => Ok(found),
        }
    }

    /// Whether the checksum that a client repeats for a part is the part's. Where the upload named no algorithm, a client may
    /// repeat one that was verified and not kept.
    fn agrees(&self, listed: &Checksum, kept: Option<Checksum>) -> bool {
        match kept {
            Some(kept) if kept.algorithm == listed.algorithm => kept.value == listed.value,
            _ => self.upload.is_none(),
        }
    }

    /// The size of the whole.
    fn hold_sizes<P: UploadedPart>(&self, parts: &[P], part_min_bytes: u64) -> Result<u64, StoreError> {
        let mut but_last = self.parts.iter().zip(parts).take(parts.len().saturating_sub(1));
        if let Some((listed, small)) = but_last.find(|(_, part)| part.size_bytes() < part_min_bytes) {
            let (number, size_bytes) = (listed.number, small.size_bytes());
            return Err(refused(PartProblem::TooSmall { number, size_bytes }));
        }
        let size_bytes = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.size_bytes()));
        if self.options.object_size_bytes.is_some_and(|expected| expected != size_bytes) {
            return Err(refused(PartProblem::ObjectSize));
        }
        if self.options.max_size_bytes.is_some_and(|max| size_bytes > max) {
            return Err(refused(PartProblem::TooLarge { size_bytes }));
        }
        Ok(size_bytes)
    }

    fn hold_checksum(&self, found: Option<Checksum>) -> Result<(), StoreError> {
        let (Some(expected), Some(found)) = (self.options.checksum, found) else { return Ok(()) };
        if expected.algorithm != found.algorithm {
            return Err(refused(PartProblem::ChecksumAlgorithm(found.algorithm)));
        }
        if expected.value != found.value {
            let kind = StoreErrorKind::DigestMismatch(Some(found.algorithm));
            return Err(StoreError::new(kind, "complete upload"));
        }
        Ok(())
    }
}

fn refused(problem: PartProblem) -> StoreError {
    StoreError::new(StoreErrorKind::Part(problem), "complete upload")
}

#[cfg(test)]
mod tests;
