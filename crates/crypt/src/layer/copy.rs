use store::{
    Bucket, CopyOptions, CopySource, Directive, ObjectInfo, OpenOptions, PutOutcome, StoreError,
    StoreErrorKind, Support,
};
use types::{Body, ByteRange, Context, ExpectedChecksum, ExpectedDigests, ObjectKey, ObjectMetadata};

use super::core::{Core, Place, keeps, stored};
use super::gate::Gate;
use super::look::Found;
use super::put::{NewIdentity, NewObject, shown};
use crate::format::Manifest;
use crate::state::{Entry, SealedEntry};

const OPERATION: &str = "copy object";

/// What a copy is made from.
struct Source {
    info: ObjectInfo,
    entry: SealedEntry,
    table: Option<Manifest>,
    data_key: crate::format::Secret,
}

impl Core {
    pub(super) async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        if let Directive::Replace(metadata) = &options.metadata {
            self.hold_metadata(metadata, OPERATION)?;
        }
        let from = self.place_to_read(cx, &source.bucket, &source.key, OPERATION).await?;
        let gate = self.gates.of(&bucket.name);
        let to = self.place(cx, bucket, key, OPERATION).await?;
        if self.moves_no_bytes(&source.bucket, bucket)
            && let Some(found) = self.source(cx, source, &from, &options).await?
            && let Some(outcome) =
                self.copy_rewrapped(cx, (source, &from), found, (bucket, &to, &gate), &options).await?
        {
            self.stats.copies_rewrapped.add(1);
            return Ok(outcome);
        }
        let outcome = self.copy_resealed(cx, source, (bucket, &to, gate), options).await?;
        self.stats.copies_resealed.add(1);
        Ok(outcome)
    }

    /// Whether metadata can be replaced on copying: then one key is wrapped again and no byte moves.
    fn moves_no_bytes(&self, from: &Bucket, to: &Bucket) -> bool {
        let (from, to) = (self.inner.capabilities(from), self.inner.capabilities(to));
        to.copy == Support::Yes && from.metadata == Support::Yes && to.metadata == Support::Yes
    }

    /// The source, where its envelope is in its metadata and its checksum is the one asked for.
    async fn source(
        &self,
        cx: &Context,
        source: &CopySource,
        from: &Place,
        options: &CopyOptions,
    ) -> Result<Option<Source>, StoreError> {
        let open = OpenOptions { version_id: source.version_id.clone(), ..OpenOptions::default() };
        let info = self.inner.head(cx, &source.bucket, &from.stored, open.clone()).await?;
        let at = (&*source.bucket, from);
        let (info, found) = match self.known(cx, at, &info, OPERATION).await? {
            Some(found) => (info, found),
            None => {
                let opened = self.open_sealed(cx, at, &open, OPERATION).await?;
                (opened.opened.info, opened.found)
            }
        };
        let Found { entry: Entry::Sealed(entry), table, data_key: Some(data_key) } = found else {
            return Ok(None);
        };
        if entry.etag != source.etag {
            return Err(StoreError::new(StoreErrorKind::Conflict, OPERATION));
        }
        let has = entry.checksum.map(|checksum| checksum.algorithm);
        let other_checksum = options.checksum.is_some_and(|wanted| Some(wanted) != has);
        let sealed = self.envelope_of(&info, OPERATION)?.is_some() && !other_checksum;
        Ok(sealed.then_some(Source { info, entry, table, data_key }))
    }

    /// Copies the stored bytes as they are, under a key that is wrapped for the new name; `None` where the new metadata have
    /// no room for it.
    async fn copy_rewrapped(
        &self,
        cx: &Context,
        (source, from): (&CopySource, &Place),
        found: Source,
        (bucket, to, gate): (&Bucket, &Place, &Gate),
        options: &CopyOptions,
    ) -> Result<Option<PutOutcome>, StoreError> {
        let Source { info, mut entry, table, data_key } = found;
        let old = entry.envelope;
        let object = (old.object, old.algorithm, old.shape);
        entry.envelope = self.wrap_key(cx, (bucket, to, gate), &data_key, object).await?;
        let metadata = copied_metadata(self.stripped(info.metadata), options);
        let Some(metadata) = self.with_envelope(bucket, &metadata, &entry.envelope) else { return Ok(None) };
        let condition = self.condition_of_copy(cx, (bucket, to), options.condition.clone()).await?;
        let copied = CopyOptions {
            metadata: Directive::Replace(metadata),
            storage_class: None,
            tags: options.tags.clone(),
            checksum: None,
            condition,
        };
        let stored_source = CopySource {
            bucket: source.bucket.clone(),
            key: from.stored.clone(),
            version_id: source.version_id.clone(),
            etag: info.etag,
        };
        let gone = || StoreError::missing(store::Missing::Bucket, OPERATION);
        let _inside = gate.enter().await.ok_or_else(gone)?;
        let outcome = self.inner.copy(cx, &stored_source, bucket, &to.stored, copied).await?;
        let shown = shown(&entry, outcome.clone());
        let row = stored(bucket, to, &outcome.etag);
        self.index.put(row, &Entry::Sealed(entry), table.as_ref(), keeps(bucket)).await;
        Ok(Some(shown))
    }

    async fn condition_of_copy(
        &self,
        cx: &Context,
        at: (&Bucket, &Place),
        condition: store::WriteCondition,
    ) -> Result<store::WriteCondition, StoreError> {
        let support = self.capabilities(at.0).conditional_copy;
        self.condition(cx, at, (condition, None, support), OPERATION).await
    }

    /// Opens the source and seals it again. As many at once as the budget bears, since each holds frames of both sides.
    async fn copy_resealed(
        &self,
        cx: &Context,
        source: &CopySource,
        (bucket, to, gate): (&Bucket, &Place, Gate),
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        if let Support::No(why) = self.capabilities(bucket).conditional_copy
            && options.condition != store::WriteCondition::Always
        {
            return Err(StoreError::new(StoreErrorKind::Unsupported(why), OPERATION));
        }
        let condition = self.condition_of_put(cx, (bucket, to), options.condition.clone(), OPERATION).await?;
        let _passage = self.options.budget.passage().await;
        let open = OpenOptions { version_id: source.version_id.clone(), ..OpenOptions::default() };
        let opened = self.open(cx, &source.bucket, &source.key, open.clone()).await?;
        if opened.info.etag != source.etag {
            return Err(StoreError::new(StoreErrorKind::Conflict, OPERATION));
        }
        let has = opened.info.checksum.map(|checksum| checksum.algorithm);
        let identity = match options.checksum.filter(|wanted| Some(*wanted) != has) {
            Some(wanted) => {
                let checksum = ExpectedChecksum::Compute(wanted);
                NewIdentity::Hash(ExpectedDigests { content_md5: None, checksum })
            }
            None => self.kept_identity(cx, source, open, &opened.info).await?,
        };
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
        let metadata = copied_metadata(opened.info.metadata, &options);
        let object = NewObject { body, identity, metadata, condition, gate };
        self.put_sealed(cx, (bucket, to), object, OPERATION).await
    }

    /// The identity of a source, its part table included.
    async fn kept_identity(
        &self,
        cx: &Context,
        source: &CopySource,
        open: OpenOptions,
        info: &ObjectInfo,
    ) -> Result<NewIdentity, StoreError> {
        const PAGE: usize = 10_000;
        let mut parts = Vec::new();
        if info.part_count.is_some() {
            let mut page = store::ListParts { after: 0, limit: PAGE };
            loop {
                let found = self.parts(cx, &source.bucket, &source.key, open.clone(), page).await?;
                parts.extend(found.parts.iter().map(|part| crate::format::PartRow {
                    number: part.number,
                    plain_bytes: part.range.len(),
                    checksum: part.checksum,
                }));
                match found.parts.last() {
                    Some(last) if found.more => page.after = last.number,
                    _ => break,
                }
            }
        }
        Ok(NewIdentity::Known { etag: info.etag.clone(), checksum: info.checksum, parts })
    }

    /// A range of a source as plain bytes, to be sealed as a part.
    pub(super) async fn source_body(
        &self,
        cx: &Context,
        source: &CopySource,
        range: Option<ByteRange>,
        operation: &'static str,
    ) -> Result<Body, StoreError> {
        let open = OpenOptions { version_id: source.version_id.clone(), ..OpenOptions::default() };
        let opened = self.open(cx, &source.bucket, &source.key, open).await?;
        if opened.info.etag != source.etag {
            return Err(StoreError::new(StoreErrorKind::Conflict, operation));
        }
        opened.content.read(range.unwrap_or(ByteRange::whole(opened.info.size_bytes))).await
    }
}

/// The metadata of a copy, tags included.
fn copied_metadata(kept: ObjectMetadata, options: &CopyOptions) -> ObjectMetadata {
    let kept_tags = kept.tags.clone();
    let mut metadata = match &options.metadata {
        Directive::Replace(metadata) => metadata.clone(),
        Directive::Copy => {
            let storage_class = options.storage_class.unwrap_or(kept.storage_class);
            ObjectMetadata { storage_class, ..kept }
        }
    };
    metadata.tags = match &options.tags {
        Directive::Copy => kept_tags,
        Directive::Replace(tags) => tags.clone(),
    };
    metadata
}
