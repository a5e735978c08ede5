use std::sync::Arc;

use meta::Commit;
use store::{Bucket, CreateUploadOptions, StoreError, UploadId};
use types::{Context, ObjectKey};

use crate::core::Core;
use crate::journal::uploads::{write_abort, write_upload};
use crate::journal::{AbortRecord, UploadNumber, UploadRecord};
use crate::locks::LockName;
use crate::write::{Fan, refusal, to_its_end};

const OPERATION: &str = "create upload";

impl Core {
    /// Begins an upload at all targets that are within reach. One that is not owes the object when it is completed.
    pub(crate) async fn create_upload(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        let (core, cx, bucket, key) = (self.clone(), cx.clone(), bucket.clone(), key.clone());
        to_its_end(OPERATION, |_| async move { core.begin_upload(&cx, &bucket, &key, options).await }).await
    }

    async fn begin_upload(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        let _shared = self.locks.shared(LockName::Bucket(bucket.name.clone())).await;
        let record = self.record(bucket, OPERATION).await?;
        let writable = self.writable(&record);
        if writable.len() < self.needed() {
            return Err(self.unmet(OPERATION));
        }
        let mut fan = Fan::new(self.clone());
        for place in writable {
            let (key, options) = (key.clone(), options.clone());
            let call = self.call(place, &bucket.name, move |store, bucket| async move {
                store.create_upload(&Context::background(), &bucket, &key, options).await
            });
            fan.start(place, call);
        }
        // An upload that nobody hears of holds no object: it may go on and be left.
        fan.let_go(|place| self.running(place, &bucket.name, &[]));
        let replies = fan.collect(self.needed()).await;
        self.note_replies(cx, &replies);
        let number = UploadNumber { initiated_nanos: self.now().as_nanos(), random: self.random.next_u64() };
        let targets: Vec<_> = replies
            .iter()
            .filter_map(|(place, reply)| Some((self.targets[*place].number, reply.done()?.clone())))
            .collect();
        let mut commit = Commit::default();
        if targets.len() < self.needed() {
            for (target, upload_id) in targets {
                let (bucket, key) = (bucket.name.clone(), key.as_str().to_owned());
                write_abort(&mut commit, target, number, Some(&AbortRecord { bucket, key, upload_id }));
            }
            self.journal.commit(commit).await?;
            self.wake();
            return Err(refusal(self, replies, OPERATION));
        }
        let upload = UploadRecord { metadata: options.metadata, checksum: options.checksum, targets };
        write_upload(&mut commit, (record.handle, key), number, Some(&upload));
        self.journal.commit(commit).await?;
        Ok(number.to_id())
    }
}
