use std::collections::HashMap;

use assembly::{Assembled, Listing};
use meta::{Check, Commit};
use store::{CompleteOptions, CompletedPart, Missing, PutOutcome, StoreError, StoreErrorKind, UploadRef};

use super::find::{FoundUpload, upload_row};
use crate::change::Effects;
use crate::error::During;
use crate::find::Found;
use crate::keys;
use crate::native::Native;
use crate::parts::NewTable;
use crate::publish::{ATTEMPTS_MAX, Draft, Target, Unpublished, shown};
use crate::receive::Stored;
use crate::record::{CompletedRecord, Data, PartEntry, PartRecord, ToDo, UploadRecord, UploadState};

const OPERATION: &str = "complete upload";

impl Native {
    /// Makes the object of the parts. No bytes move: the part table takes the parts over, whose references already bear its
    /// id. The upload is frozen first, so that no part can change unseen between the reading and the commit.
    pub(crate) async fn complete_upload(
        &self,
        upload: UploadRef<'_>,
        parts: &[CompletedPart],
        options: &CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let mut target = Target::new(upload.bucket, upload.key);
        for _ in 0..ATTEMPTS_MAX {
            let found = match self.find_upload(upload, OPERATION).await {
                Ok(found) => found,
                Err(error) => return self.completed_before(upload, parts, error).await,
            };
            let Some(found) = self.freeze(found).await? else { continue };
            let stored = self.all_parts(found.record.parts, OPERATION).await?;
            let assembled = Listing::new(found.record.checksum, parts, options)?
                .assemble(in_order(stored, parts), self.options.part_min_bytes)?;
            let entries = parts.iter().zip(&assembled.parts).map(|(listed, part)| entry(listed.number, part));
            let entries = entries.collect();
            let mut draft = self.draft_of_upload(upload, &found, (assembled, entries));
            match self.publish(&mut target, &options.condition, &mut draft, OPERATION).await {
                Ok(outcome) => return Ok(outcome),
                Err(Unpublished::Failed(error)) => return Err(error),
                Err(Unpublished::Stale) => {}
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }

    /// Has everybody who changes a part say so in the upload's record; `None` where another change of it came first.
    async fn freeze(&self, mut found: FoundUpload) -> Result<Option<FoundUpload>, StoreError> {
        if found.record.state == UploadState::Frozen {
            return Ok(Some(found));
        }
        found.record = UploadRecord { state: UploadState::Frozen, ..found.record };
        let mut commit = Commit::default();
        commit.check(Check::Equals(found.row.clone(), found.revision));
        commit.put(found.row.clone(), found.record.encode());
        match self.commit(commit).await {
            Ok(revision) => {
                found.revision = revision;
                Ok(Some(found))
            }
            Err(error) if matches!(error.kind, meta::MetaErrorKind::Conflict(_)) => Ok(None),
            Err(error) => Err(error).during(OPERATION),
        }
    }

    fn draft_of_upload(
        &self,
        upload: UploadRef<'_>,
        found: &FoundUpload,
        (assembled, entries): (Assembled<PartRecord>, Vec<PartEntry>),
    ) -> Draft {
        let (owner, table_id) = (self.new_id(), found.record.parts);
        let NewTable { table, rows } = NewTable::of(table_id, entries);
        let mut effects = Effects::default();
        rows.into_iter().for_each(|(row, page)| effects.put(row, page));
        effects.refer_to_table(table_id, owner);
        effects.delete(found.row.clone());
        effects.leave(ToDo::Upload(table_id));
        let bucket_handle = upload.bucket.handle;
        let completed = CompletedRecord { key: upload.key.as_str().to_owned(), owner };
        effects.put(keys::completed(bucket_handle, found.number), completed.encode());
        let due_at = self.now().plus(self.options.completed_kept);
        effects.leave(ToDo::Completed { due_at, bucket_handle, upload: found.number });
        Draft {
            etag: assembled.etag,
            checksum: assembled.checksum,
            size_bytes: assembled.size_bytes,
            metadata: found.record.metadata.clone(),
            owner,
            data: Data::Table(table),
            stored: Stored::Empty,
            effects,
            checks: vec![Check::Equals(found.row.clone(), found.revision)],
        }
    }

    /// The answer of an earlier completion with the same parts, while its object is still the current one.
    async fn completed_before(
        &self,
        upload: UploadRef<'_>,
        parts: &[CompletedPart],
        missing: StoreError,
    ) -> Result<PutOutcome, StoreError> {
        if !matches!(missing.kind, StoreErrorKind::Missing(Missing::Upload)) {
            return Err(missing);
        }
        let (number, _) = upload_row(upload, OPERATION)?;
        let row = keys::completed(upload.bucket.handle, number);
        let Some(record) = self.meta.get(&row).await.during(OPERATION)? else { return Err(missing) };
        let completed = CompletedRecord::decode(&record.value).during(OPERATION)?;
        if completed.key != upload.key.as_str() {
            return Err(missing);
        }
        match self.find(upload.bucket, upload.key, None, OPERATION).await {
            Ok(Found { object, .. })
                if object.owner == completed.owner
                    && assembly::etag_of(parts) == Some(object.etag.clone()) =>
            {
                Ok(PutOutcome {
                    etag: object.etag,
                    version_id: shown(upload.bucket, object.version),
                    checksum: object.checksum,
                    size_bytes: object.size_bytes,
                    modified_at: object.modified_at,
                })
            }
            Ok(_) => Err(missing),
            Err(error) => match error.kind {
                StoreErrorKind::Missing(Missing::Key) | StoreErrorKind::DeleteMarker { .. } => Err(missing),
                _ => Err(error),
            },
        }
    }
}

/// The parts that were uploaded, as a client lists them.
fn in_order(stored: Vec<(u32, PartRecord)>, listed: &[CompletedPart]) -> Vec<Option<PartRecord>> {
    let mut stored: HashMap<u32, PartRecord> = stored.into_iter().collect();
    listed.iter().map(|part| stored.remove(&part.number)).collect()
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
