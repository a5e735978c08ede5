use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use remote::{BucketRecord, Pages};
use store::{
    Bucket, BucketPage, BucketUpdate, ListBuckets, ListObjects, ListUploads, Missing, StoreError,
    StoreErrorKind, UploadEntry, UploadRef, Versioning,
};
use types::{BucketName, Context, Owner, TagSet, Timestamp};

use crate::capabilities::VERSIONING;
use crate::encode::container_refusal;
use crate::store::Azure;

/// How long a container that was seen is taken to be still there, as far as only other tools could have removed it.
const SEEN_FOR: Duration = Duration::from_secs(10);
/// The most containers that are remembered.
const KNOWN_MAX: usize = 10_000;
/// The most pages of containers that one listing looks at.
const PAGES_MAX: usize = 1_000;
/// Uploads of a bucket that are ended in one step of its removal.
const UPLOADS_PER_STEP: usize = 100;

/// Containers seen lately, with the moments when they were seen and last changed.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<BucketName, (Timestamp, Timestamp)>>);

impl Known {
    fn see(&self, name: &BucketName, now: Timestamp, changed_at: Timestamp) {
        let mut known = self.0.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(name.clone(), (now, changed_at));
    }

    fn changed_at(&self, name: &BucketName, now: Timestamp) -> Option<Timestamp> {
        let (seen_at, changed_at) = *self.0.lock().get(name)?;
        (now.since(seen_at) < SEEN_FOR).then_some(changed_at)
    }

    pub(crate) fn forget(&self, name: &BucketName) {
        self.0.lock().remove(name);
    }
}

fn missing(operation: &'static str) -> StoreError {
    StoreError::missing(Missing::Bucket, operation)
}

/// A number that depends on the bytes alone. Source: FNV-1a, 64 bits.
fn number_of(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl Azure {
    /// A bucket's record as S3 sees it. Its handle is the moment of its making, where that was through Sluice.
    fn record(&self, name: &BucketName, record: Option<BucketRecord>, changed_at: Timestamp) -> Bucket {
        let handle = record
            .as_ref()
            .map_or_else(|| number_of(name.as_str().bytes()), |record| record.created_at.as_nanos());
        let record = record.unwrap_or_else(|| self.unrecorded(changed_at));
        let tags = record.tags.iter().flat_map(|(key, value)| [key, "\0", value, "\0"]);
        let changes = self.gates.changes(name).to_le_bytes();
        let revision = number_of(tags.flat_map(str::bytes).chain(changes));
        Bucket {
            name: name.clone(),
            owner: record.owner,
            created_at: record.created_at,
            versioning: Versioning::Off,
            tags: record.tags,
            handle,
            revision,
        }
    }

    fn unrecorded(&self, changed_at: Timestamp) -> BucketRecord {
        BucketRecord {
            owner: self.root_owner.clone(),
            created_at: changed_at,
            tags: TagSet::default(),
            versioning: Versioning::Off,
        }
    }

    /// Whether a container may be a bucket: the staging container is none, and neither are names that S3 or Azure forbids.
    fn is_shown(&self, name: &BucketName) -> bool {
        *name != self.staging && container_refusal(name).is_none()
    }

    pub(crate) async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "create bucket";
        if let Some(why) = container_refusal(name) {
            return Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        }
        if *name == self.staging {
            return Err(StoreError::new(StoreErrorKind::BucketExists, OPERATION));
        }
        self.api.create_container(cx, name.as_str()).await.map_err(|failure| match failure.code() {
            "ContainerAlreadyExists" => StoreError::new(StoreErrorKind::BucketExists, OPERATION),
            "ContainerBeingDeleted" => StoreError::new(StoreErrorKind::Conflict, OPERATION),
            _ => failure.into_store(OPERATION),
        })?;
        let now = self.clock.now();
        let record = BucketRecord {
            owner: owner.clone(),
            created_at: now,
            tags: tags.clone(),
            versioning: Versioning::Off,
        };
        // What an earlier bucket of the name has left behind is not this one's.
        self.ledger.remove_bucket(name).await?;
        self.ledger.put_bucket(name, &record).await?;
        self.known.see(name, now, now);
        Ok(self.record(name, Some(record), now))
    }

    pub(crate) async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "find bucket";
        if !self.is_shown(name) {
            return Err(missing(OPERATION));
        }
        let changed_at = match self.known.changed_at(name, self.clock.now()) {
            Some(changed_at) => changed_at,
            None => {
                let found = self.api.head_container(cx, name.as_str()).await;
                let changed_at = found.map_err(|failure| match failure.is_missing() {
                    true => missing(OPERATION),
                    false => failure.into_store(OPERATION),
                })?;
                self.known.see(name, self.clock.now(), changed_at);
                changed_at
            }
        };
        let record = self.ledger.bucket_record(name).await?;
        Ok(self.record(name, record, changed_at))
    }

    /// Whether a bucket's record still is that of the bucket of its name.
    pub(crate) async fn hold_bucket(
        &self,
        bucket: &Bucket,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        let record = self.ledger.bucket_record(&bucket.name).await?;
        let handle = self.record(&bucket.name, record, Timestamp::default()).handle;
        if handle == bucket.handle && self.is_shown(&bucket.name) { Ok(()) } else { Err(missing(operation)) }
    }

    pub(crate) async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "update bucket";
        let tags = match update {
            BucketUpdate::Versioning(_) => {
                return Err(StoreError::new(StoreErrorKind::Unsupported(VERSIONING), OPERATION));
            }
            BucketUpdate::Tags(tags) => tags,
        };
        let _writing = self.gates.write(&bucket.name).await;
        self.hold_bucket(bucket, OPERATION).await?;
        let found = self.bucket(cx, &bucket.name).await?;
        // A bucket that was not made through Sluice gets its record now, and keeps the handle of that moment.
        let unrecorded = self.unrecorded(found.created_at);
        let change = |record: &mut BucketRecord| record.tags = tags.clone();
        let record = self.ledger.update_bucket(&bucket.name, unrecorded, change).await?;
        self.gates.note_change(&bucket.name);
        Ok(self.record(&bucket.name, Some(record), found.created_at))
    }

    pub(crate) async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        const OPERATION: &str = "delete bucket";
        let name = &bucket.name;
        let Some(_alone) = self.gates.remove(name) else {
            return Err(StoreError::new(StoreErrorKind::BucketNotEmpty, OPERATION));
        };
        self.hold_bucket(bucket, OPERATION).await?;
        if self.list(cx, bucket, &ListObjects::default()).await?.more {
            return Err(StoreError::new(StoreErrorKind::BucketNotEmpty, OPERATION));
        }
        let removed = self.api.delete_container(cx, name.as_str()).await;
        self.known.forget(name);
        self.markers.forget(name);
        self.end_uploads(bucket).await?;
        self.ledger.remove_bucket(name).await?;
        removed.map_err(|failure| failure.into_store(OPERATION))
    }

    /// Ends the uploads of a bucket that is no more.
    async fn end_uploads(&self, bucket: &Bucket) -> Result<(), StoreError> {
        loop {
            let options = ListUploads { limit: UPLOADS_PER_STEP, ..ListUploads::default() };
            let page = self.ledger.list_uploads(&bucket.name, options).await?;
            for entry in page.entries {
                let UploadEntry::Upload(upload) = entry else { continue };
                let reference = UploadRef { bucket, key: &upload.key, id: &upload.upload_id };
                let record = self.ledger.upload(reference).await?;
                self.ledger.remove_upload(&record).await?;
                self.clear_staged(&record.id);
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    pub(crate) async fn list_buckets(
        &self,
        cx: &Context,
        options: ListBuckets,
    ) -> Result<BucketPage, StoreError> {
        const OPERATION: &str = "list buckets";
        let mut found: Vec<(BucketName, Timestamp)> = Vec::new();
        let mut pages = Pages::<String>::new(None);
        let mut is_cut = true;
        for _ in 0..PAGES_MAX {
            let marker = pages.token().map(String::as_str);
            let page = self.api.list_containers(cx, &options.prefix, marker).await;
            let page = page.map_err(|failure| failure.into_store(OPERATION))?;
            let count = page.containers.len();
            let names = page.containers.into_iter().filter_map(|(name, changed_at)| {
                let name = BucketName::new(&name).ok().filter(|name| self.is_shown(name))?;
                let behind = options.after.as_deref().is_none_or(|after| name.as_str() > after);
                (behind && name.as_str().starts_with(&options.prefix)).then_some((name, changed_at))
            });
            found.extend(names);
            is_cut = pages.turn(page.next, count).map_err(|error| error.into_store(OPERATION))?;
            if !is_cut || found.len() > options.limit {
                break;
            }
        }
        found.sort();
        let more = found.len() > options.limit || is_cut && !found.is_empty();
        found.truncate(options.limit);
        let names: Vec<_> = found.iter().map(|(name, _)| name.clone()).collect();
        let records = self.ledger.bucket_records(&names).await?;
        let buckets = found.into_iter().zip(records);
        let buckets =
            buckets.map(|((name, changed_at), record)| self.record(&name, record, changed_at)).collect();
        Ok(BucketPage { buckets, more })
    }
}
