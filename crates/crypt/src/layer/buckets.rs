use std::sync::Arc;

use store::{
    Bucket, DeleteOptions, ListObjects, ListUploads, ListVersions, StoreError, StoreErrorKind, UploadEntry,
    UploadRef, VersionEntry, VersionState, VersionSummary,
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
        self.remove_versions(cx, bucket, |_| true).await.map(drop)
    }

    /// Removes versions of the layer's own keys for good, delete markers among them; how many. They are asked for one after the
    /// other, the newest of each key first.
    async fn remove_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        mut is_to_go: impl FnMut(&VersionSummary) -> bool + Send,
    ) -> Result<u64, StoreError> {
        if !self.inner.capabilities(bucket).versioning.is_yes() {
            return Ok(0);
        }
        let (mut options, mut removed) = (own_versions(&self.reserved.prefix), 0);
        loop {
            let page = self.inner.list_versions(cx, bucket, options.clone()).await?;
            for entry in &page.entries {
                let VersionEntry::Version(version) = entry else { continue };
                if is_to_go(version) {
                    let version_id = Some(version.version_id.clone());
                    let options = DeleteOptions { version_id, ..DeleteOptions::default() };
                    self.inner.delete(cx, bucket, &version.key, options).await?;
                    removed += 1;
                }
            }
            match page.entries.last() {
                Some(last) if page.more => options = super::listing::Listing::behind(options, last),
                _ => return Ok(removed),
            }
        }
    }

    /// Puts the newest versions of the layer's own keys back that lie behind delete markers: objects need them. Whoever removes
    /// keys with their bucket has closed its gate.
    pub(super) async fn uncover(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        let mut covered: Option<ObjectKey> = None;
        let covers = |version: &VersionSummary| {
            let is_marker = matches!(version.state, VersionState::DeleteMarker);
            let covers = is_marker && (version.is_latest || covered.as_ref() == Some(&version.key));
            covered = covers.then(|| version.key.clone());
            covers
        };
        self.remove_versions(cx, bucket, covers).await.map(drop)
    }

    /// Removes what these keys of the layer's own were wrapped as before; how many versions. What lies behind a delete marker
    /// stays: it may be the last that there is.
    pub(super) async fn remove_older(
        &self,
        cx: &Context,
        bucket: &Bucket,
        keys: &[ObjectKey],
    ) -> Result<u64, StoreError> {
        let mut current = None;
        let is_older = |version: &VersionSummary| {
            if version.is_latest {
                let stands = matches!(version.state, VersionState::Object(_)) && keys.contains(&version.key);
                current = stands.then(|| version.key.clone());
            }
            !version.is_latest && current.as_ref() == Some(&version.key)
        };
        self.remove_versions(cx, bucket, is_older).await
    }
}

fn own_versions(prefix: &str) -> ListVersions {
    ListVersions { prefix: prefix.to_owned(), limit: PAGE, ..ListVersions::default() }
}
