use std::sync::Arc;
use std::time::Duration;

use remote::BucketRecord;
use store::{
    Bucket, BucketPage, BucketUpdate, ListBuckets, ListObjects, ListUploads, Missing, StoreError,
    StoreErrorKind, UploadEntry, UploadRef, Versioning,
};
use tokio::sync::OwnedRwLockWriteGuard;
use tokio::time::Instant;
use types::{BucketName, Context, Owner, TagSet};

use crate::api::{ApiError, Entry, EntryId, Fate, FolderId, Lane, Made};
use crate::drive::{Drive, to_the_end};
use crate::folders::{Freshness, Label};
use crate::names::{steps, twin_steps};
use crate::options::Root;

/// The one bucket of [`Root::Default`].
const DEFAULT: &str = "default";
const ONE_BUCKET: &str = "the store is one bucket, `default`, over the whole drive";
/// How long the removal of a bucket waits for writes that are under way.
const REMOVAL_WAIT: Duration = Duration::from_secs(5);
const REMOVAL_STEP: Duration = Duration::from_millis(20);
/// How many uploads are aborted at a time with their bucket.
const UPLOADS_AT_ONCE: usize = 100;

impl Drive {
    pub(crate) async fn create_bucket(
        self: &Arc<Self>,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "create bucket";
        let exists = || StoreError::new(StoreErrorKind::BucketExists, OPERATION);
        if self.root == Root::Default {
            let unsupported = || StoreError::new(StoreErrorKind::Unsupported(ONE_BUCKET), OPERATION);
            return Err(if name.as_str() == DEFAULT { exists() } else { unsupported() });
        }
        let (drive, cx, name) = (self.clone(), cx.clone(), name.clone());
        let (owner, tags) = (owner.clone(), tags.clone());
        to_the_end(OPERATION, async move {
            let _making = drive.makers.hold(FolderId::Root).await;
            let now = Freshness::After(Instant::now());
            if drive.find_bucket(&cx, &name, now).await?.is_some() {
                return Err(exists());
            }
            let folder = drive.make_bucket(&cx, &name).await?.ok_or_else(exists)?;
            let record = BucketRecord {
                owner: owner.clone(),
                created_at: folder.created_at,
                tags: tags.clone(),
                versioning: Versioning::Off,
            };
            drive.ledger.put_bucket(&name, &record).await?;
            drive.folders.show_empty(folder.id);
            drive.folders.show(folder.clone());
            drive.bucket_of(&name, &folder, Some(record)).await
        })
        .await
    }

    /// Makes a bucket's folder; `None` where somebody else was faster.
    async fn make_bucket(&self, cx: &Context, name: &BucketName) -> Result<Option<Entry>, StoreError> {
        for step in [steps(name.as_str()), twin_steps(name.as_str())].concat() {
            let made = self.api.make_folder(cx, Lane::OWN, FolderId::Root, &step.name).await;
            match made {
                Ok(Made::New(folder)) => return Ok(Some(folder)),
                // One that differs by letter case only is no bucket, and no reason to have none.
                Ok(Made::Taken) => {
                    let now = Freshness::After(Instant::now());
                    if self.find_bucket(cx, name, now).await?.is_some() {
                        return Ok(None);
                    }
                }
                Err(error) if error.is_ambiguous() => {
                    // The lock is ours and it was not there before: what is there now is what we made.
                    let now = Freshness::After(Instant::now());
                    let found = self.find_bucket(cx, name, now).await?;
                    return found.map(Some).ok_or_else(|| error.into_store());
                }
                Err(error) => return Err(error.into_store()),
            }
        }
        Err(StoreError::new(StoreErrorKind::Internal, "make a bucket's folder"))
    }

    async fn find_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        freshness: Freshness,
    ) -> Result<Option<Entry>, StoreError> {
        let top = self.folders.content(cx, Lane::OWN, FolderId::Root, freshness).await;
        let found = top.map_err(ApiError::into_store)?.find(&Label::Folder(name.as_str().to_owned()));
        Ok(found.iter().min_by_key(|node| node.entry.id).map(|node| node.entry.clone()))
    }

    /// A bucket by its folder and what is recorded of it.
    async fn bucket_of(
        &self,
        name: &BucketName,
        folder: &Entry,
        record: Option<BucketRecord>,
    ) -> Result<Bucket, StoreError> {
        let counted = self.ledger.value(&changes(folder.id)).await?;
        let revision = counted.and_then(|count| count.try_into().ok()).map_or(0, u64::from_le_bytes);
        // A record of a folder that was there before under this name says nothing of this one.
        let record = record.filter(|record| record.created_at == folder.created_at);
        let record = record.unwrap_or_else(|| self.unrecorded(folder));
        Ok(Bucket {
            name: name.clone(),
            handle: folder.id.0,
            revision,
            owner: record.owner,
            created_at: record.created_at,
            versioning: Versioning::Off,
            tags: record.tags,
        })
    }

    fn unrecorded(&self, folder: &Entry) -> BucketRecord {
        BucketRecord {
            owner: self.owner.clone(),
            created_at: folder.created_at,
            tags: TagSet::default(),
            versioning: Versioning::Off,
        }
    }

    /// The folder of a bucket by its name.
    async fn folder_of(
        &self,
        cx: &Context,
        name: &BucketName,
        operation: &'static str,
    ) -> Result<Entry, StoreError> {
        let missing = || StoreError::missing(Missing::Bucket, operation);
        match self.root {
            Root::Default if name.as_str() == DEFAULT => Ok(root_entry()),
            Root::Default => Err(missing()),
            Root::Buckets => self.find_bucket(cx, name, Freshness::Recent).await?.ok_or_else(missing),
        }
    }

    pub(crate) async fn bucket(
        self: &Arc<Self>,
        cx: &Context,
        name: &BucketName,
    ) -> Result<Bucket, StoreError> {
        let folder = self.folder_of(cx, name, "find bucket").await?;
        let record = self.ledger.bucket_record(name).await?;
        self.bucket_of(name, &folder, record).await
    }

    pub(crate) async fn update_bucket(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "update bucket";
        let folder = self.folder_of(cx, &bucket.name, OPERATION).await?;
        if folder.id.0 != bucket.handle {
            return Err(StoreError::missing(Missing::Bucket, OPERATION));
        }
        let BucketUpdate::Tags(tags) = update else {
            let kind = StoreErrorKind::Unsupported(crate::capabilities::VERSIONING);
            return Err(StoreError::new(kind, OPERATION));
        };
        let unrecorded = self.unrecorded(&folder);
        let fresh = unrecorded.clone();
        let change = move |record: &mut BucketRecord| {
            if record.created_at != fresh.created_at {
                *record = fresh.clone();
            }
            record.tags = tags.clone();
        };
        let record = self.ledger.update_bucket(&bucket.name, unrecorded, change).await?;
        let count = bucket.revision.wrapping_add(1).to_le_bytes();
        self.ledger.put_value(&changes(folder.id), &count).await?;
        self.bucket_of(&bucket.name, &folder, Some(record)).await
    }

    pub(crate) async fn list_buckets(
        self: &Arc<Self>,
        cx: &Context,
        options: ListBuckets,
    ) -> Result<BucketPage, StoreError> {
        let mut folders = self.bucket_folders(cx).await?;
        let after = options.after.as_deref();
        folders.retain(|(name, _)| {
            let name = name.as_str();
            name.starts_with(&options.prefix) && after.is_none_or(|after| name > after)
        });
        let more = folders.len() > options.limit;
        folders.truncate(options.limit);
        let names: Vec<BucketName> = folders.iter().map(|(name, _)| name.clone()).collect();
        let records = self.ledger.bucket_records(&names).await?;
        let mut buckets = Vec::with_capacity(folders.len());
        for ((name, folder), record) in folders.iter().zip(records) {
            buckets.push(self.bucket_of(name, folder, record).await?);
        }
        Ok(BucketPage { buckets, more })
    }

    /// All buckets in order of name, each once.
    async fn bucket_folders(&self, cx: &Context) -> Result<Vec<(BucketName, Entry)>, StoreError> {
        if self.root == Root::Default {
            let name = BucketName::new(DEFAULT);
            return Ok(name.into_iter().map(|name| (name, root_entry())).collect());
        }
        let top = self.folders.content(cx, Lane::OWN, FolderId::Root, Freshness::Recent).await;
        let nodes = top.map_err(ApiError::into_store)?.content().nodes;
        let mut folders: Vec<(BucketName, Entry)> = nodes
            .iter()
            .filter_map(|node| match &node.label {
                Label::Folder(name) => Some((BucketName::new(name).ok()?, node.entry.clone())),
                _ => None,
            })
            .collect();
        folders.sort_by(|a, b| (&a.0, a.1.id).cmp(&(&b.0, b.1.id)));
        folders.dedup_by(|later, first| later.0 == first.0);
        Ok(folders)
    }

    pub(crate) async fn delete_bucket(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "delete bucket";
        if self.root == Root::Default {
            return Err(StoreError::new(StoreErrorKind::Unsupported(ONE_BUCKET), OPERATION));
        }
        let (drive, cx, bucket) = (self.clone(), cx.clone(), bucket.clone());
        to_the_end(OPERATION, async move {
            let folder = drive.folder_of(&cx, &bucket.name, OPERATION).await?;
            if folder.id.0 != bucket.handle {
                return Err(StoreError::missing(Missing::Bucket, OPERATION));
            }
            let _closed = drive.close_bucket(&cx, &bucket).await?;
            if drive.folders.is_buried(FolderId::Entry(folder.id)) {
                return Err(StoreError::missing(Missing::Bucket, OPERATION));
            }
            drive.hold_empty(&cx, &bucket).await?;
            drive.abort_uploads(&cx, &bucket).await?;
            // To the trash, with whatever somebody else puts there in this very moment.
            let removed = drive.remove_entry(&cx, Lane::OWN, &folder, Fate::Trash).await;
            removed.map_err(ApiError::into_store)?;
            drive.ledger.remove_value(&changes(folder.id)).await?;
            drive.ledger.remove_bucket(&bucket.name).await
        })
        .await
    }

    /// Waits until nobody writes into the bucket, and keeps it so.
    async fn close_bucket(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<OwnedRwLockWriteGuard<()>, StoreError> {
        let begun = Instant::now();
        loop {
            if let Some(closed) = self.gates.try_close(self.bucket_folder(bucket)) {
                return Ok(closed);
            }
            // Whoever is writing may have what it wrote there already.
            self.hold_empty(cx, bucket).await?;
            if begun.elapsed() > REMOVAL_WAIT {
                return Err(StoreError::new(StoreErrorKind::Conflict, "delete bucket"));
            }
            tokio::time::sleep(REMOVAL_STEP).await;
        }
    }

    /// Looks at the drive itself: nothing that anybody has put there may go with the bucket.
    async fn hold_empty(self: &Arc<Self>, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        let (folder, lane) = (self.bucket_folder(bucket), self.lane(bucket));
        let now = Freshness::After(Instant::now());
        let cell = self.content(cx, lane, folder, now).await.map_err(ApiError::into_store)?;
        if cell.is_empty() {
            return Ok(());
        }
        let any = self.list(cx, bucket, ListObjects::default()).await?;
        match any.more {
            true => Err(StoreError::new(StoreErrorKind::BucketNotEmpty, "delete bucket")),
            false => Ok(()),
        }
    }

    async fn abort_uploads(self: &Arc<Self>, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        loop {
            let options = ListUploads { limit: UPLOADS_AT_ONCE, ..ListUploads::default() };
            let page = self.ledger.list_uploads(&bucket.name, options).await?;
            for entry in &page.entries {
                let UploadEntry::Upload(upload) = entry else { continue };
                let reference = UploadRef { bucket, key: &upload.key, id: &upload.upload_id };
                let record = self.ledger.upload(reference).await?;
                self.abort_recorded(cx, &self.place(bucket, &upload.key), &record).await?;
            }
            if page.entries.is_empty() {
                return Ok(());
            }
        }
    }
}

/// The root of the account, which is no entry, as one.
fn root_entry() -> Entry {
    Entry {
        id: EntryId(0),
        name: String::new(),
        is_folder: true,
        parent: FolderId::Root,
        size_bytes: 0,
        hash: String::new(),
        file_name: String::new(),
        mime: None,
        updated_at: types::Timestamp::default(),
        created_at: types::Timestamp::default(),
        is_deleted: false,
    }
}

/// The name of the value that counts the changes of a bucket's record.
fn changes(folder: EntryId) -> Vec<u8> {
    format!("changes/{folder}").into_bytes()
}
