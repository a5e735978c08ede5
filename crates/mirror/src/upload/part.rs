use std::sync::Arc;

use meta::Commit;
use store::{PartOptions, PartOutcome, StoreError, UploadRef};
use types::{Body, Context};

use super::find::{Found, no_upload, outcome_of};
use crate::core::Core;
use crate::journal::uploads::{write_abort, write_part, write_upload};
use crate::journal::{AbortRecord, PartRecord};
use crate::locks::LockName;
use crate::write::{Replies, Start, Writers, refusal, to_its_end};

const OPERATION: &str = "put part";

impl Core {
    /// Stores a part at all targets that take part in the upload. One that misses it leaves the upload.
    pub(crate) async fn put_part(
        self: &Arc<Self>,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        (body, options): (Body, PartOptions),
    ) -> Result<PartOutcome, StoreError> {
        let found = self.find_upload(upload).await?;
        let targets = found.places(self);
        if targets.len() < self.needed() {
            return Err(self.unmet(OPERATION));
        }
        let start = self.putting_part(&found, number, options);
        let mut writers = Writers::new(self.clone(), targets, self.needed(), start);
        let tail = writers.stream(body).await?;
        let (core, cx, size_bytes) = (self.clone(), cx.clone(), tail.size_bytes);
        to_its_end(OPERATION, |wanted| async move {
            let _upload = core.locks.shared(LockName::Upload(found.number)).await;
            let _part = core.locks.alone(LockName::Part(found.number, number)).await;
            wanted.still(OPERATION)?;
            let bucket = found.bucket.clone();
            let replies = writers.finish(tail, |place| core.running(place, &bucket, &[])).await;
            core.conclude_part(&cx, found, number, (size_bytes, replies)).await
        })
        .await
    }

    fn putting_part(
        self: &Arc<Self>,
        found: &Found,
        number: u32,
        options: PartOptions,
    ) -> Start<PartOutcome> {
        let (core, bucket, key) = (self.clone(), found.bucket.clone(), found.key.clone());
        let targets = found.record.targets.clone();
        Arc::new(move |place, body| {
            let (key, target) = (key.clone(), core.targets[place].number);
            let id = targets.iter().find(|(known, _)| *known == target).map(|(_, id)| id.clone());
            core.call(place, &bucket, move |store, bucket| async move {
                let id = id.ok_or_else(no_upload)?;
                let upload = UploadRef { bucket: &bucket, key: &key, id: &id };
                store.put_part(&Context::background(), upload, number, body, options).await
            })
        })
    }

    /// Makes durable which targets have a part. Those that should and do not, leave the upload.
    pub(super) async fn conclude_part(
        self: &Arc<Self>,
        cx: &Context,
        found: Found,
        number: u32,
        (size_bytes, replies): (u64, Replies<PartOutcome>),
    ) -> Result<PartOutcome, StoreError> {
        self.note_replies(cx, &replies);
        let done: Vec<_> = replies
            .iter()
            .filter_map(|(place, reply)| Some((self.targets[*place].number, reply.done()?.clone())))
            .collect();
        let Some((_, first)) = done.first().cloned() else {
            return Err(refusal(self, replies, OPERATION));
        };
        if done.len() < self.needed() {
            // The client sends it again; a target that has this one is told the right one by its tag on completing.
            return Err(refusal(self, replies, OPERATION));
        }
        let part = PartRecord {
            size_bytes,
            etag: first.etag.clone(),
            checksum: first.checksum,
            modified_at: self.now(),
            held: done
                .iter()
                .map(|(target, theirs)| (*target, (theirs.etag != first.etag).then(|| theirs.etag.clone())))
                .collect(),
        };
        let _record = self.locks.alone(LockName::UploadRecord(found.number)).await;
        let handle = found.bucket_record.handle;
        let current = self.journal.upload(handle, &found.key, found.number).await?;
        let mut record = current.ok_or_else(no_upload)?;
        let mut commit = Commit::default();
        let (bucket, key) = (&found.bucket, found.key.as_str());
        let (staying, leaving): (Vec<_>, Vec<_>) =
            record.targets.into_iter().partition(|(target, _)| done.iter().any(|(has, _)| has == target));
        for (target, upload_id) in leaving {
            let abort = AbortRecord { bucket: bucket.clone(), key: key.to_owned(), upload_id };
            write_abort(&mut commit, target, found.number, Some(&abort));
        }
        record.targets = staying;
        if record.targets.len() < self.needed() {
            return Err(self.unmet(OPERATION));
        }
        write_upload(&mut commit, (handle, &found.key), found.number, Some(&record));
        write_part(&mut commit, found.number, number, &part);
        self.journal.commit(commit).await?;
        Ok(outcome_of(part))
    }
}
