use std::sync::Arc;
use std::time::Duration;

use blob::{Durability, FileBlobs, FileOptions};
use conformance::blob::bodies::pattern;
use meta::Commit;
use native::{NativeOptions, NativeStore};
use sim::{SimClock, SimDisk, SimMeta, SimRandom};
use store::{
    Bucket, BucketStore, BucketUpdate, CompleteOptions, CompletedPart, CopyOptions, CopyPartOptions,
    CopySource, CreateUploadOptions, DeleteOptions, Directive, MultipartStore, ObjectStore, PartOptions,
    PutOptions, PutOutcome, StoreError, UploadRef, Versioning, WriteCondition,
};
use types::{Body, BucketName, Budget, CanonicalId, Context, ObjectKey, Owner, TagSet, VersionId};

use crate::model::{INLINE_MAX_BYTES, Outcome, State};
use crate::workload::Step;

/// More rounds than any collection needs.
const ROUNDS_MAX: usize = 20;
const DAY_AND_MORE: Duration = Duration::from_secs(25 * 60 * 60);

/// A native store as one process runs it.
pub(crate) struct Process {
    pub(crate) store: NativeStore,
    pub(crate) blobs: FileBlobs,
    pub(crate) cx: Context,
    clock: Arc<SimClock>,
}

impl Process {
    /// Starts on a disk and the records that these commits made.
    pub(crate) async fn start(disk: &SimDisk, commits: &[Commit], seed: u64) -> Self {
        let meta = SimMeta::new(disk.clone(), commits).await.expect("the commits were taken once");
        Self::start_on(disk, meta, seed).await
    }

    /// Starts on a disk and records.
    pub(crate) async fn start_on(disk: &SimDisk, meta: SimMeta, seed: u64) -> Self {
        let clock = Arc::new(SimClock::default());
        let random = Arc::new(SimRandom::new(seed));
        let options = FileOptions {
            durability: Durability::Strict,
            budget: Budget::new(16 << 20),
            clock: clock.clone(),
            random: random.clone(),
        };
        let blobs = FileBlobs::open_on(Arc::new(disk.clone()), options).await.expect("every disk opens");
        let options = NativeOptions {
            inline_max_bytes: INLINE_MAX_BYTES,
            part_min_bytes: 1000,
            clock: clock.clone(),
            ..NativeOptions::new(random)
        };
        let store = NativeStore::new(Arc::new(meta), Arc::new(blobs.clone()), options);
        Self { store, blobs, cx: Context::background(), clock }
    }

    pub(crate) async fn bucket(&self) -> Result<Bucket, StoreError> {
        self.store.bucket(&self.cx, &bucket_name()).await
    }

    /// Runs the collector until a round finds nothing more.
    pub(crate) async fn collect(&self) -> Result<(), StoreError> {
        for _ in 0..ROUNDS_MAX {
            if self.store.collect_once().await? == native::CollectReport::default() {
                return Ok(());
            }
        }
        panic!("the collector finds work for ever");
    }

    /// Takes a step in a world that is as `state` says.
    pub(crate) async fn take(
        &self,
        number: usize,
        step: &Step,
        state: &State,
    ) -> Result<Outcome, StoreError> {
        let store = &self.store;
        match step {
            Step::CreateBucket => {
                let owner = Owner { id: CanonicalId::from_text("00"), display_name: "owner".into() };
                store.create_bucket(&self.cx, &bucket_name(), &owner, &TagSet::default()).await?;
                return Ok(Outcome::default());
            }
            Step::Collect => {
                self.collect().await?;
                return Ok(Outcome::default());
            }
            Step::Wait => {
                self.clock.advance(DAY_AND_MORE);
                return Ok(Outcome::default());
            }
            Step::Restart => return Ok(Outcome::default()),
            _ => {}
        }
        let bucket = self.bucket().await?;
        match step {
            Step::EnableVersioning => {
                let update = BucketUpdate::Versioning(Versioning::Enabled);
                store.update_bucket(&self.cx, &bucket, update).await?;
                Ok(Outcome::default())
            }
            Step::Put { key: name, size } => {
                let body = Body::from_bytes(pattern(number as u64, *size));
                let options = PutOptions::default();
                Ok(store.put(&self.cx, &bucket, &key(name), body, options).await?.into())
            }
            Step::Copy { from, to } => self.copy(bucket, from, to, state).await,
            Step::Delete { key: name } => self.delete(&bucket, name, None).await,
            Step::DeleteOldest { key: name } => {
                let version = VersionId::from_text(state.oldest(name));
                self.delete(&bucket, name, Some(version)).await
            }
            _ => self.take_part(number, step, state, bucket).await,
        }
    }

    async fn copy(&self, bucket: Bucket, from: &str, to: &str, state: &State) -> Result<Outcome, StoreError> {
        let source = source(&bucket, from, state);
        let options = CopyOptions {
            metadata: Directive::Copy,
            storage_class: None,
            tags: Directive::Copy,
            checksum: None,
            condition: WriteCondition::Always,
        };
        Ok(self.store.copy(&self.cx, &source, &bucket, &key(to), options).await?.into())
    }

    async fn delete(
        &self,
        bucket: &Bucket,
        name: &str,
        version_id: Option<VersionId>,
    ) -> Result<Outcome, StoreError> {
        let options = DeleteOptions { version_id, ..DeleteOptions::default() };
        let outcome = self.store.delete(&self.cx, bucket, &key(name), options).await?;
        Ok(Outcome { version: outcome.version_id.map(|id| id.to_string()), ..Outcome::default() })
    }

    /// Takes a step of an upload.
    async fn take_part(
        &self,
        number: usize,
        step: &Step,
        state: &State,
        bucket: Bucket,
    ) -> Result<Outcome, StoreError> {
        if let Step::CreateUpload { key: name, .. } = step {
            let options = CreateUploadOptions::default();
            let id = self.store.create_upload(&self.cx, &bucket, &key(name), options).await?;
            return Ok(Outcome { upload: Some(id), ..Outcome::default() });
        }
        let (Step::Part { slot, .. }
        | Step::CopyPart { slot, .. }
        | Step::Complete { slot, .. }
        | Step::Abort { slot }) = step
        else {
            panic!("{step:?} is no step of an upload")
        };
        let (name, id) = state.upload_id(*slot);
        let name = key(name);
        let upload = UploadRef { bucket: &bucket, key: &name, id };
        match step {
            Step::Part { part, size, .. } => {
                let body = Body::from_bytes(pattern(number as u64, *size));
                let part = self.store.put_part(&self.cx, upload, *part, body, PartOptions::default()).await?;
                Ok(Outcome { etag: Some(part.etag), ..Outcome::default() })
            }
            Step::CopyPart { part, from, .. } => {
                let source = source(&bucket, from, state);
                let options = CopyPartOptions::default();
                let part = self.store.copy_part(&self.cx, &source, upload, *part, options).await?;
                Ok(Outcome { etag: Some(part.etag), ..Outcome::default() })
            }
            Step::Complete { parts, .. } => {
                let named = |number: &u32| CompletedPart {
                    number: *number,
                    etag: state.part_etag(*slot, *number).clone(),
                    checksum: None,
                };
                let parts = parts.iter().map(named).collect();
                let options = CompleteOptions::default();
                Ok(self.store.complete_upload(&self.cx, upload, parts, options).await?.into())
            }
            _ => {
                self.store.abort_upload(&self.cx, upload).await?;
                Ok(Outcome::default())
            }
        }
    }
}

fn source(bucket: &Bucket, from: &str, state: &State) -> CopySource {
    CopySource {
        bucket: Arc::new(bucket.clone()),
        key: key(from),
        version_id: None,
        etag: state.current_etag(from).clone(),
    }
}

impl From<PutOutcome> for Outcome {
    fn from(put: PutOutcome) -> Self {
        Self { etag: Some(put.etag), version: put.version_id.map(|id| id.to_string()), upload: None }
    }
}

pub(crate) fn bucket_name() -> BucketName {
    BucketName::new("bucket").expect("a legal name")
}

pub(crate) fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).expect("a legal key")
}
