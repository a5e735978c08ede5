use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use store::{
    Bucket, ListObjects, ListPage, ListUploads, ListVersions, ObjectSummary, OpenOptions, StoreError,
    StoreErrorKind, UploadPage, VersionPage,
};
use types::{Context, ObjectKey};

use super::base::Targets;
use super::versions;
use super::walk::{self, Sources};
use crate::core::Core;
use crate::health::ReadPolicy;
use crate::journal::{BucketRecord, Coverage, Member};
use crate::read::{ANSWER_PATIENCE, Asked, race};
use crate::target::TargetNumber;

impl Core {
    /// As [`store::ObjectStore::list`].
    pub(crate) async fn objects_page(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let record = self.record(bucket, "list objects").await?;
        let lister = Lister::new(self, cx, bucket, &record);
        walk::page(lister.sources(), &options).await
    }

    /// As [`store::ObjectStore::list_versions`].
    pub(crate) async fn versions_page(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let record = self.record(bucket, "list versions").await?;
        let lister = Lister::new(self, cx, bucket, &record);
        versions::page(lister.sources(), &options).await
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
    core: &'a Arc<Core>,
    cx: &'a Context,
    bucket: &'a Bucket,
    record: &'a BucketRecord,
    /// The target that listed last.
    from: Mutex<Option<usize>>,
}

impl<'a> Lister<'a> {
    fn new(core: &'a Arc<Core>, cx: &'a Context, bucket: &'a Bucket, record: &'a BucketRecord) -> Self {
        Self { core, cx, bucket, record, from: Mutex::new(None) }
    }

    /// Where the bucket's keys are known from.
    fn sources(&self) -> Sources<'_> {
        let targets = match self.record.coverage {
            Coverage::Whole => None,
            Coverage::Partial => Some(self as &dyn Targets),
        };
        Sources { journal: &self.core.journal, handle: self.bucket.handle, targets }
    }

    /// Asks the targets that have all of the bucket, the one that listed last first.
    async fn ask<'b, T: Send + 'b>(
        &'b self,
        besides: &[TargetNumber],
        ask: impl Fn(usize, Bucket) -> Asked<'b, T> + Copy + Send + Sync + 'b,
    ) -> Result<(TargetNumber, T), StoreError> {
        let Self { core, bucket, record, .. } = self;
        let from = *self.from.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = |place: &usize| {
            let number = core.targets[*place].number;
            record.member(number) == Some(Member::Full) && !besides.contains(&number)
        };
        let mut order: Vec<usize> = core.health.order(ReadPolicy::Order).into_iter().filter(asked).collect();
        order.sort_by_key(|place| Some(*place) != from);
        let patience = core.hedge.unwrap_or(ANSWER_PATIENCE);
        let (place, answer) = race(&core.health, &order, patience, |place| {
            Box::pin(async move { ask(place, core.target_bucket(place, &bucket.name).await?).await })
        })
        .await?;
        if besides.is_empty() {
            *self.from.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        }
        Ok((core.targets[place].number, answer?))
    }
}

#[async_trait]
impl Targets for Lister<'_> {
    async fn page(&self, options: ListObjects) -> Result<(TargetNumber, ListPage), StoreError> {
        let options = &options;
        self.ask(&[], |place, at| {
            Box::pin(async move { self.core.targets[place].store.list(self.cx, &at, options.clone()).await })
        })
        .await
    }

    async fn versions(
        &self,
        options: ListVersions,
        besides: &[TargetNumber],
    ) -> Result<(TargetNumber, VersionPage), StoreError> {
        let options = &options;
        self.ask(besides, |place, at| {
            Box::pin(async move {
                self.core.targets[place].store.list_versions(self.cx, &at, options.clone()).await
            })
        })
        .await
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
