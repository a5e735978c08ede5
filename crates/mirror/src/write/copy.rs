use std::sync::Arc;

use meta::Commit;
use store::{
    Bucket, CopyOptions, CopySource, Directive, PutOutcome, StoreError, StoreErrorKind, WriteCondition,
};
use types::{BucketName, Context, ETag, ObjectKey, StorageClass, VersionId};

use super::conclude::object_plan;
use super::{Call, Fan, Kept, Refusals, Turn, to_its_end};
use crate::core::Core;
use crate::journal::{BucketRecord, Origin, Version};

const OPERATION: &str = "copy object";

/// An object that is copied: what the journal says of it, and as what each target has it.
pub(crate) struct Source {
    pub(crate) bucket: BucketName,
    pub(crate) record: BucketRecord,
    pub(crate) key: ObjectKey,
    pub(crate) version: Version,
}

impl Source {
    /// The tag that a target knows it by and the version id to ask for; `None` where the target does not have it.
    pub(crate) fn at(&self, core: &Core, place: usize) -> Option<(ETag, Option<VersionId>)> {
        let held = self.version.held_at(core.targets[place].number)?;
        let shown = &self.version.facts()?.etag;
        Some((held.etag.as_ref().unwrap_or(shown).clone(), held.address(self.record.versioning)))
    }

    /// Its size.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.version.facts().map_or(0, |facts| facts.size_bytes)
    }
}

impl Core {
    /// Finds what is to be copied.
    ///
    /// # Errors
    /// As opening it; `Conflict` where it has another tag.
    pub(crate) async fn source(self: &Arc<Self>, source: &CopySource) -> Result<Source, StoreError> {
        let mut turn = self.turn(&source.bucket, &source.key, OPERATION).await?;
        let version = turn.find_object(source.version_id.as_ref()).await?;
        if version.facts().is_none_or(|facts| facts.etag != source.etag) {
            return Err(StoreError::new(StoreErrorKind::Conflict, OPERATION));
        }
        let (bucket, record, key) = (turn.bucket.clone(), turn.record.clone(), turn.key.clone());
        Ok(Source { bucket, record, key, version })
    }

    /// Copies an object: each target that has the source copies it itself, the others get it from one that did.
    pub(crate) async fn copy(
        self: &Arc<Self>,
        cx: &Context,
        source: &CopySource,
        (bucket, key): (&Bucket, &ObjectKey),
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        let source = self.source(source).await?;
        let (core, cx, bucket, key) = (self.clone(), cx.clone(), bucket.clone(), key.clone());
        to_its_end(OPERATION, |wanted| async move {
            let mut turn = core.turn(&bucket, &key, OPERATION).await?.wanted(&wanted);
            turn.require(&options.condition).await?;
            turn.commit_copy(&cx, Arc::new(source), options).await
        })
        .await
    }
}

impl Turn {
    async fn commit_copy(
        &mut self,
        cx: &Context,
        source: Arc<Source>,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        if self.record.versioning != store::Versioning::Off {
            self.current().await?;
        }
        let writable = self.core.writable(&self.record);
        if writable.len() < self.core.needed() {
            return Err(self.core.unmet(OPERATION));
        }
        let able = self.able_to_copy(&source, writable).await?;
        let draft = self.draft();
        let kept = Kept {
            storage_class: self.class_of(&source, &options),
            origin: source.version.facts().map_or(Origin::Supplied, |facts| facts.origin),
            // What a target does not copy itself, repair brings it.
            refusals: Refusals::Passing,
        };
        self.begin(object_plan(draft, None, kept.origin), &able).await?;
        let mut fan = Fan::new(self.core.clone());
        for place in &able {
            if let Some(call) = self.native_copy(*place, &source, &options) {
                fan.start(*place, call);
            }
        }
        let (core, bucket, key) = (self.core.clone(), self.bucket.clone(), self.key.clone());
        fan.let_go(|place| core.running(place, &bucket, std::slice::from_ref(&key)));
        let replies = fan.collect(self.core.needed().min(able.len())).await;
        let done = replies.iter().filter(|(_, reply)| reply.done().is_some()).count();
        let before_policy = self.conclude_object(cx, draft, (replies, kept), Commit::default()).await;
        // Only what the journal has as the current version can be spread, and answered for.
        if done == 0 || before_policy.is_ok() || !self.is_current(draft) {
            return before_policy;
        }
        self.spread(cx, OPERATION).await
    }

    /// The targets that copy it themselves: those that have the source and take the copy in order.
    async fn able_to_copy(
        &mut self,
        source: &Source,
        writable: Vec<usize>,
    ) -> Result<Vec<usize>, StoreError> {
        self.find_out(&writable).await?;
        let has_source = |place: &usize| source.at(&self.core, *place).is_some();
        let having: Vec<usize> = writable.into_iter().filter(has_source).collect();
        let able: Vec<usize> = having.iter().copied().filter(|place| self.takes_object(*place)).collect();
        if !able.is_empty() {
            return Ok(able);
        }
        for place in having {
            if self.catch_up(place).await.is_ok() && self.takes_object(place) {
                return Ok(vec![place]);
            }
        }
        Err(self.core.unmet(OPERATION))
    }

    fn class_of(&self, source: &Source, options: &CopyOptions) -> StorageClass {
        match (&options.metadata, options.storage_class) {
            (Directive::Replace(metadata), _) => metadata.storage_class,
            (Directive::Copy, Some(class)) => class,
            (Directive::Copy, None) => {
                source.version.facts().map_or_else(StorageClass::default, |facts| facts.storage_class)
            }
        }
    }

    fn native_copy(
        &self,
        place: usize,
        source: &Arc<Source>,
        options: &CopyOptions,
    ) -> Option<Call<PutOutcome>> {
        let (etag, version_id) = source.at(&self.core, place)?;
        let (core, source, key) = (self.core.clone(), source.clone(), self.key.clone());
        let options = CopyOptions { condition: WriteCondition::Always, ..options.clone() };
        Some(self.core.call(place, &self.bucket, move |store, bucket| async move {
            let from = core.target_bucket(place, &source.bucket).await?;
            let source = CopySource { bucket: from.into(), key: source.key.clone(), version_id, etag };
            store.copy(&Context::background(), &source, &bucket, &key, options).await
        }))
    }
}
