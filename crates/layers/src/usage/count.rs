use std::collections::HashMap;

use store::{
    Bucket, ListEntry, ListObjects, ListParts, ListUploads, ListVersions, Missing, OpenOptions, Position,
    SharedStore, StoreError, StoreErrorKind, UploadEntry, UploadRef, VersionEntry, VersionState, Versioning,
};
use types::Context;

use super::group::{Item, Upload, Usage};

/// Entries asked for at once.
const PAGE: usize = 1000;

/// The bucket in the store below.
#[derive(Clone)]
pub(crate) struct Below {
    pub(crate) store: SharedStore,
    pub(crate) bucket: Bucket,
    pub(crate) cx: Context,
}

/// What a count has found.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) used: Usage,
    /// Bytes of the parts of each unfinished upload.
    pub(super) uploads: HashMap<Upload, u64>,
}

impl Below {
    /// Counts the whole bucket.
    pub(super) async fn count(&self) -> Result<Counted, StoreError> {
        let used = match self.bucket.versioning {
            Versioning::Off => self.count_objects().await?,
            Versioning::Enabled | Versioning::Suspended => self.count_versions().await?,
        };
        let uploads = self.count_uploads().await?;
        let parts = Usage { bytes: uploads.values().sum(), objects: 0 };
        Ok(Counted { used: used.plus(parts), uploads })
    }

    async fn count_objects(&self) -> Result<Usage, StoreError> {
        let mut used = Usage::NOTHING;
        let mut options = ListObjects { limit: PAGE, ..ListObjects::default() };
        loop {
            let page = self.store.list(&self.cx, &self.bucket, options.clone()).await?;
            let is_last = !page.more || page.entries.is_empty();
            for entry in page.entries {
                let ListEntry::Object(object) = entry else { continue };
                used = used.plus(Usage { bytes: object.size_bytes, objects: 1 });
                options.after = Some(Position::Key(object.key.as_str().to_owned()));
            }
            if is_last {
                return Ok(used);
            }
        }
    }

    async fn count_versions(&self) -> Result<Usage, StoreError> {
        let mut used = Usage::NOTHING;
        let mut options = ListVersions { limit: PAGE, ..ListVersions::default() };
        loop {
            let page = self.store.list_versions(&self.cx, &self.bucket, options.clone()).await?;
            let is_last = !page.more || page.entries.is_empty();
            for entry in page.entries {
                let VersionEntry::Version(version) = entry else { continue };
                if let VersionState::Object(object) = &version.state {
                    used = used.plus(Usage { bytes: object.size_bytes, objects: 1 });
                }
                options.after = Some(Position::Key(version.key.as_str().to_owned()));
                options.after_version = Some(version.version_id);
            }
            if is_last {
                return Ok(used);
            }
        }
    }

    async fn count_uploads(&self) -> Result<HashMap<Upload, u64>, StoreError> {
        let mut uploads = HashMap::new();
        if !self.store.capabilities(&self.bucket).multipart.is_yes() {
            return Ok(uploads);
        }
        let mut options = ListUploads { limit: PAGE, ..ListUploads::default() };
        loop {
            let page = self.store.list_uploads(&self.cx, &self.bucket, options.clone()).await?;
            let is_last = !page.more || page.entries.is_empty();
            for entry in page.entries {
                let UploadEntry::Upload(upload) = entry else { continue };
                // Where there is none any more, it has ended since it was listed.
                let upload = Upload { key: upload.key, id: upload.upload_id };
                options.after = Some(Position::Key(upload.key.as_str().to_owned()));
                options.after_upload = Some(upload.id.clone());
                if let Some(bytes) = self.count_parts(&upload).await? {
                    uploads.insert(upload, bytes);
                }
            }
            if is_last {
                return Ok(uploads);
            }
        }
    }

    /// The bytes of an upload's parts; `None` where there is no such upload.
    pub(super) async fn count_parts(&self, upload: &Upload) -> Result<Option<u64>, StoreError> {
        let upload = UploadRef { bucket: &self.bucket, key: &upload.key, id: &upload.id };
        let (mut bytes, mut page) = (0, ListParts { after: 0, limit: PAGE });
        loop {
            let listed = match self.store.list_parts(&self.cx, upload, page).await {
                Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)) => {
                    return Ok(None);
                }
                listed => listed?,
            };
            bytes += listed.parts.iter().map(|part| part.size_bytes).sum::<u64>();
            match listed.parts.last() {
                Some(last) if listed.more => page.after = last.number,
                _ => return Ok(Some(bytes)),
            }
        }
    }

    /// What a item holds.
    ///
    /// # Errors
    /// Failures of the store; `Internal` for a version that was not made, or whose name was not told.
    pub(super) async fn look(&self, item: &Item) -> Result<Usage, StoreError> {
        let seen = match item {
            Item::Own(_) => return Err(StoreError::new(StoreErrorKind::Internal, "look for a version")),
            Item::Object(key, version_id) => {
                let options = OpenOptions { version_id: version_id.clone(), ..OpenOptions::default() };
                let head = self.store.head(&self.cx, &self.bucket, key, options).await;
                head.map(|info| Usage { bytes: info.size_bytes, objects: 1 })
            }
            Item::Part(Upload { key, id }, number) => {
                let upload = UploadRef { bucket: &self.bucket, key, id };
                let page = ListParts { after: number.saturating_sub(1), limit: 1 };
                let listed = self.store.list_parts(&self.cx, upload, page).await;
                let found = listed.map(|page| page.parts.into_iter().find(|part| part.number == *number));
                found.map(|part| Usage { bytes: part.map_or(0, |part| part.size_bytes), objects: 0 })
            }
        };
        seen.or_else(|error| match error.kind {
            StoreErrorKind::Missing(Missing::Key | Missing::Version | Missing::Upload)
            | StoreErrorKind::DeleteMarker { .. } => Ok(Usage::NOTHING),
            _ => Err(error),
        })
    }
}
