use std::sync::Arc;

use store::{
    Bucket, DeleteOptions, ListObjects, ListUploads, ListVersions, StoreError, StoreErrorKind, UploadEntry,
    UploadRef, VersionEntry,
};
use types::{BucketName, Context, ObjectKey, Owner, TagSet};

use super::core::Core;
use super::epochs::OwnObject;
use super::gate::Closed;

const OPERATION: &str = "delete bucket";
/// Uploads and versions handled at once while a bucket is removed.
const PAGE: usize = 1000;

/// A removal behind the closed gate of its bucket. However it ends, whoever decided on keys that may be gone finds the gate
/// closed, and others a new one and no key in memory.
struct Removal<'a> {
    core: &'a Core,
    bucket: &'a Bucket,
    /// Whether keys of the bucket may be gone.
    closed: Closed,
}

impl Drop for Removal<'_> {
    fn drop(&mut self) {
        if *self.closed {
            self.core.epochs.forget(self.bucket);
            self.core.gates.renew(&self.bucket.name);
        }
    }
}

impl Core {
    pub(super) async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        let bucket = self.inner.create_bucket(cx, name, owner, tags).await?;
        self.gates.renew(name);
        self.epochs.forget(&bucket);
        Ok(bucket)
    }

    /// Removes a bucket with the layer's own keys in it. A task of its own does it, which comes to its end whatever becomes of
    /// the caller: keys that are removed halfway would take with them what is written next.
    pub(super) async fn delete_bucket(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<(), StoreError> {
        let (core, cx, bucket) = (self.clone(), cx.clone(), bucket.clone());
        let removal = tokio::spawn(async move { core.remove_bucket(&cx, &bucket).await });
        removal
            .await
            .unwrap_or_else(|ended| Err(StoreError::with_source(StoreErrorKind::Internal, OPERATION, ended)))
    }

    /// Its gate is closed meanwhile: nothing becomes an object between the look at what the bucket holds and its end, so no
    /// key is removed that an object needs. Where the store says that it is not empty after all, since somebody else writes
    /// into it too, the keys are put back; where that fails, who decided on them meets a closed gate.
    async fn remove_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        let mut removal = Removal { core: self, bucket, closed: self.gates.close(&bucket.name).await };
        if self.holds_objects(cx, bucket).await? {
            return Err(StoreError::new(StoreErrorKind::BucketNotEmpty, OPERATION));
        }
        self.abort_uploads(cx, bucket).await?;
        let own = self.epochs.all(cx, bucket).await?;
        *removal.closed = true;
        let removed = match self.remove_own(cx, bucket, &own).await {
            Ok(()) => self.inner.delete_bucket(cx, bucket).await,
            Err(error) => Err(error),
        };
        self.epochs.forget(bucket);
        match &removed {
            Ok(()) => self.index.forget_bucket(bucket.handle).await,
            Err(_) => *removal.closed = !self.restore_all(cx, bucket, &own).await,
        }
        removed
    }

    /// Puts keys back, each that can be; whether all are there again.
    async fn restore_all(&self, cx: &Context, bucket: &Bucket, own: &[OwnObject]) -> bool {
        let mut all = true;
        for stored in own {
            all &= self.epochs.restore(cx, bucket, stored).await.is_ok();
        }
        all
    }

    /// Whether a bucket holds an object, version or delete marker that is not the layer's own. Names stay as they are stored:
    /// their key is not asked for behind a closed gate.
    async fn holds_objects(&self, cx: &Context, bucket: &Bucket) -> Result<bool, StoreError> {
        let one = ListObjects { limit: 1, ..ListObjects::default() };
        let current = self.holds(cx, bucket, one).await?;
        if current || !self.inner.capabilities(bucket).versioning.is_yes() {
            return Ok(current);
        }
        let one = ListVersions { limit: 1, ..ListVersions::default() };
        self.holds(cx, bucket, one).await
    }

    /// Ends what would become objects whose keys are gone.
    async fn abort_uploads(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        if !self.inner.capabilities(bucket).multipart.is_yes() {
            return Ok(());
        }
        loop {
            let options = ListUploads { limit: PAGE, ..ListUploads::default() };
            let page = self.inner.list_uploads(cx, bucket, options).await?;
            let uploads: Vec<_> = page
                .entries
                .into_iter()
                .filter_map(|entry| match entry {
                    UploadEntry::Upload(upload) => Some(upload),
                    UploadEntry::Prefix(_) => None,
                })
                .collect();
            for upload in &uploads {
                let reference = UploadRef { bucket, key: &upload.key, id: &upload.upload_id };
                match self.inner.abort_upload(cx, reference).await {
                    Err(error) if !matches!(error.kind, StoreErrorKind::Missing(_)) => return Err(error),
                    _ => {}
                }
            }
            if !page.more || uploads.is_empty() {
                return Ok(());
            }
        }
    }

    async fn remove_own(&self, cx: &Context, bucket: &Bucket, own: &[OwnObject]) -> Result<(), StoreError> {
        for stored in own {
            self.inner.delete(cx, bucket, &stored.key, DeleteOptions::default()).await?;
        }
        if self.inner.capabilities(bucket).versioning.is_yes() {
            self.remove_versions(cx, bucket, &self.reserved.prefix, Which::All).await?;
        }
        Ok(())
    }

    /// Removes versions of the layer's own keys for good.
    pub(super) async fn remove_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        prefix: &str,
        which: Which,
    ) -> Result<u64, StoreError> {
        let (mut options, mut removed) = (own_versions(prefix), 0);
        loop {
            let page = self.inner.list_versions(cx, bucket, options.clone()).await?;
            for entry in &page.entries {
                let VersionEntry::Version(version) = entry else { continue };
                if which == Which::All || !version.is_latest {
                    let version_id = Some(version.version_id.clone());
                    let options = DeleteOptions { version_id, ..DeleteOptions::default() };
                    let key: &ObjectKey = &version.key;
                    self.inner.delete(cx, bucket, key, options).await?;
                    removed += 1;
                }
            }
            match page.entries.last() {
                Some(last) if page.more => options = super::listing::Listing::behind(options, last),
                _ => return Ok(removed),
            }
        }
    }
}

fn own_versions(prefix: &str) -> ListVersions {
    ListVersions { prefix: prefix.to_owned(), limit: PAGE, ..ListVersions::default() }
}

/// Which versions are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All of them, delete markers included.
    All,
    /// Those that are no longer the current one.
    Older,
}

impl Core {
    /// Removes what the layer's own keys were wrapped as before.
    pub(super) async fn remove_older(&self, cx: &Context, bucket: &Bucket) -> Result<u64, StoreError> {
        if !self.inner.capabilities(bucket).versioning.is_yes() {
            return Ok(0);
        }
        self.remove_versions(cx, bucket, &self.reserved.prefix, Which::Older).await
    }
}
