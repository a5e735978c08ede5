use hash::Checked;
use meta::{Check, Commit};
use store::{PartOptions, PartOutcome, PartProblem, StoreError, StoreErrorKind, UploadRef};
use types::{Body, Checksum, ExpectedChecksum, ExpectedDigests};

use super::find::FoundUpload;
use crate::change::Effects;
use crate::error::During;
use crate::keys::{self, Family};
use crate::native::Native;
use crate::publish::{ATTEMPTS_MAX, Unpublished};
use crate::receive::Stored;
use crate::record::{PartRecord, Place, UploadRecord};

const OPERATION: &str = "put part";

/// A part that is to become visible.
pub(super) struct NewPart {
    pub(super) number: u32,
    pub(super) size_bytes: u64,
    pub(super) md5: [u8; 16],
    pub(super) checksum: Checksum,
    pub(super) place: Place,
    /// Bytes that the commit writes or refers to for the first time.
    pub(super) stored: Stored,
    /// What must hold of the copy's source.
    pub(super) checks: Vec<Check>,
}

impl Native {
    pub(crate) async fn put_part(
        &self,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let found = self.find_upload(upload, OPERATION).await?;
        let (body, expected) = expectations(body, options.expected, &found.record)?;
        let (stored, digests) = self.receive_verified(body, expected, OPERATION).await?;
        let part = NewPart {
            number,
            size_bytes: digests.size_bytes,
            md5: digests.md5,
            checksum: digests.checksum,
            place: stored.place(),
            stored,
            checks: Vec::new(),
        };
        match self.publish_part(upload, found, part, OPERATION).await {
            Ok(outcome) => Ok(outcome),
            Err(Unpublished::Failed(error)) => Err(error),
            Err(Unpublished::Stale) => Err(StoreError::new(StoreErrorKind::Conflict, OPERATION)),
        }
    }

    /// Makes a part one of its upload's, in place of an earlier one of the same number.
    pub(super) async fn publish_part(
        &self,
        upload: UploadRef<'_>,
        mut found: FoundUpload,
        mut part: NewPart,
        operation: &'static str,
    ) -> Result<PartOutcome, Unpublished> {
        for attempt in 0..ATTEMPTS_MAX {
            let row = keys::numbered(Family::Part, found.record.parts, part.number);
            let _turn = self.contention.turn(attempt, &row).await;
            let replaced = self.meta.get(&row).await.during(operation)?;
            let mut commit = Commit { checks: part.checks.clone(), writes: Vec::with_capacity(4) };
            found.check_for_part(&mut commit);
            let mut effects = Effects::default();
            commit.check(match &replaced {
                None => Check::Absent(row.clone()),
                Some(record) => Check::Equals(row.clone(), record.revision),
            });
            if let Some(record) = replaced {
                let old = PartRecord::decode(&record.value).during(operation)?;
                effects.release_place(old.place, found.record.parts, part.number);
            }
            let record = part.record(self.now());
            effects.put(row, record.encode());
            match (&part.stored, part.place) {
                (Stored::Inline(id, bytes), _) => effects.put(keys::data(*id), bytes.clone()),
                (_, Place::Blob(blob)) => {
                    effects.refer_to_blob(blob, found.record.parts, part.number);
                }
                _ => {}
            }
            effects.finish(&mut commit);
            let own_checks = part.checks.len();
            if self.commit_stored(commit, &mut part.stored, own_checks, operation).await? {
                return Ok(outcome(&record));
            }
            found = self.find_upload(upload, operation).await?;
        }
        Err(StoreError::new(StoreErrorKind::Conflict, operation).into())
    }
}

impl NewPart {
    fn record(&self, now: types::Timestamp) -> PartRecord {
        PartRecord {
            modified_at: now,
            size_bytes: self.size_bytes,
            md5: self.md5,
            checksum: Some(self.checksum),
            place: self.place,
        }
    }
}

/// A part as callers see it.
pub(super) fn outcome(part: &PartRecord) -> PartOutcome {
    PartOutcome { etag: part.etag(), checksum: part.checksum, modified_at: part.modified_at }
}

/// What the bytes must turn out to be so that the part has the upload's kind of checksum. Where the upload named none, a
/// client may still send any, which is verified on the way and not kept.
fn expectations(
    body: Body,
    expected: ExpectedDigests,
    upload: &UploadRecord,
) -> Result<(Body, ExpectedDigests), StoreError> {
    let wanted = assembly::algorithm_of(upload.checksum);
    let sent = match expected.checksum {
        ExpectedChecksum::Default => None,
        ExpectedChecksum::Compute(algorithm) | ExpectedChecksum::Trailer(algorithm) => Some(algorithm),
        ExpectedChecksum::Value(checksum) => Some(checksum.algorithm),
    };
    let computed = ExpectedDigests { checksum: ExpectedChecksum::Compute(wanted), ..expected };
    match sent {
        None => Ok((body, computed)),
        Some(sent) if sent == wanted => Ok((body, expected)),
        Some(_) if upload.checksum.is_none() => Ok((Checked::wrap(body, expected.checksum), computed)),
        Some(_) => {
            let problem = PartProblem::ChecksumAlgorithm(wanted);
            Err(StoreError::new(StoreErrorKind::Part(problem), OPERATION))
        }
    }
}
