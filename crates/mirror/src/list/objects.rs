use std::sync::Mutex;

use async_trait::async_trait;
use store::{
    Bucket, ListObjects, ListPage, ListUploads, ListVersions, ObjectSummary, OpenOptions, StoreError, StoreErrorKind,
    UploadPage, VersionPage,
};
use types::{Context, ObjectKey};

use super::base::Targets;
use super::walk::{self, Sources};
use super::versions;
use crate::core::Core;
use crate::health::ReadPolicy;
use crate::journal::{BucketRecord, Coverage, Member};
use crate::read::{ANSWER_PATIENCE, race};
use crate::target::TargetNumber;

impl Core {
    /// As [`store::ObjectStore::list`].
    pub(crate) async fn objects_page(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let record = self.record(bucket, "list objects").await?;
        let lister = Lister { core: self, cx, bucket, record: &record, from: Mutex::new(None) };
        let sources = Sources {
            journal: &self.journal,
            handle: bucket.handle,
            targets: match record.coverage {
                Coverage::Whole => None,
                Coverage::Partial => Some(&lister),
            },
        };
        walk::page(sources, &options).await
    }

    /// As [`store::ObjectStore::list_versions`].
    pub(crate) async fn versions_page(
        &self,
        _cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.record(bucket, "list versions").await?;
        versions::page(&self.journal, bucket.handle, &options).await
    }

    /// As [`store::MultipartStore::list_uploads`].
    pub(crate) async fn uploads_page(
        &self,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.record(bucket, "list uploads").await?;
        self.journal.list_uploads(bucket.handle, &options).await
    }
}

/// Lists a bucket that was there before the mirror at the targets that have all of it.
struct Lister<'a> {
    core: &'a Core,
    cx: &'a Context,
    bucket: &'a Bucket,
    record: &'a BucketRecord,
    /// The target that listed last.
    from: Mutex<Option<usize>>,
}

#[async_trait]
impl Targets for Lister<'_> {
    async fn page(&self, options: ListObjects) -> Result<(TargetNumber, ListPage), StoreError> {
        let Self { core, cx, bucket, record, .. } = self;
        let from = *self.from.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let full = |place: &usize| record.member(core.targets[*place].number) == Some(Member::Full);
        let mut order: Vec<usize> = core.health.order(ReadPolicy::Order).into_iter().filter(full).collect();
        order.sort_by_key(|place| Some(*place) != from);
        let ask = |place: usize| {
            let options = options.clone();
            let asked = async move {
                let at = core.target_bucket(place, &bucket.name).await?;
                core.targets[place].store.list(cx, &at, options).await
            };
            Box::pin(asked) as crate::read::Asked<'_, ListPage>
        };
        let (place, page) = race(&core.health, &order, core.hedge.unwrap_or(ANSWER_PATIENCE), ask).await?;
        *self.from.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(place);
        Ok((core.targets[place].number, page?))
    }

    async fn look(&self, key: &ObjectKey) -> Result<Option<ObjectSummary>, StoreError> {
        match self.core.head_object(self.cx, self.bucket, key, OpenOptions::default()).await {
            Ok(info) => Ok(Some(ObjectSummary {
                key: key.clone(),
                etag: info.etag,
                size_bytes: info.size_bytes,
                modified_at: info.modified_at,
                storage_class: info.metadata.storage_class,
                checksum: info.checksum.map(|checksum| (checksum.algorithm, checksum.kind)),
            })),
            Err(error) => match error.kind {
                StoreErrorKind::Missing(_) | StoreErrorKind::DeleteMarker { .. } => Ok(None),
                _ => Err(error),
            },
        }
    }
}
