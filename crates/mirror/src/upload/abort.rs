use std::sync::Arc;

use meta::Commit;
use store::{StoreError, UploadRef};
use types::Context;

use super::find::Found;
use crate::core::Core;
use crate::journal::uploads::{write_abort, write_finished, write_upload};
use crate::journal::{AbortRecord, FinishedRecord, UploadRecord};
use crate::locks::LockName;
use crate::write::{Fan, to_its_end};

const OPERATION: &str = "abort upload";

impl Core {
    /// Ends an upload everywhere. A target that is not within reach owes that.
    pub(crate) async fn abort_upload(
        self: &Arc<Self>,
        cx: &Context,
        upload: UploadRef<'_>,
    ) -> Result<(), StoreError> {
        let (core, cx) = (self.clone(), cx.clone());
        let (bucket, key, id) = (upload.bucket.clone(), upload.key.clone(), upload.id.clone());
        to_its_end(OPERATION, |wanted| async move {
            let key_lock = LockName::Key(bucket.name.clone(), key.clone());
            let _shared = core.locks.shared(LockName::Bucket(bucket.name.clone())).await;
            let _key = core.locks.alone(key_lock).await;
            let found = core.find_upload(UploadRef { bucket: &bucket, key: &key, id: &id }).await?;
            let _upload = core.locks.alone(LockName::Upload(found.number)).await;
            let mut commit = Commit::default();
            let handle = found.bucket_record.handle;
            write_upload(&mut commit, (handle, &found.key), found.number, None);
            write_finished(&mut commit, found.number, &FinishedRecord::aborted(handle, core.now()));
            owe_aborts(&mut commit, &found, &found.record);
            wanted.still(OPERATION)?;
            core.journal.commit(commit).await?;
            core.journal.drop_parts(found.number).await?;
            core.abort_everywhere(&cx, found).await;
            Ok(())
        })
        .await
    }

    /// Has the targets abort their uploads; what fails is owed already.
    async fn abort_everywhere(self: &Arc<Self>, cx: &Context, found: Found) {
        let mut fan = Fan::new(self.clone());
        for place in found.places(self) {
            let number = self.targets[place].number;
            let Some((_, upload_id)) = found.record.targets.iter().find(|(known, _)| *known == number) else {
                continue;
            };
            let abort = abort_of(&found, upload_id);
            let (core, upload) = (self.clone(), found.number);
            fan.start(place, Box::pin(async move { core.abort_at(place, upload, &abort).await }));
        }
        fan.let_go(|place| self.running(place, &found.bucket, &[]));
        let replies = fan.collect(self.needed()).await;
        self.note_replies(cx, &replies);
        self.wake();
    }
}

fn abort_of(found: &Found, upload_id: &store::UploadId) -> AbortRecord {
    AbortRecord {
        bucket: found.bucket.clone(),
        key: found.key.as_str().to_owned(),
        upload_id: upload_id.clone(),
    }
}

/// Every target that takes part owes the abort.
pub(super) fn owe_aborts(commit: &mut Commit, found: &Found, record: &UploadRecord) {
    for (target, upload_id) in &record.targets {
        write_abort(commit, *target, found.number, Some(&abort_of(found, upload_id)));
    }
}
