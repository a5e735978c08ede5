//! Copies from one store to another: the bytes pass through, the identity is kept.

use store::{
    CopyOptions, CopySource, Directive, Identity, ListParts, ObjectIdentity, ObjectInfo, OpenOptions, Opened,
    PutOptions, SharedStore, StoreError, StoreErrorKind,
};
use types::{Body, ByteRange, Context, ExpectedChecksum, ExpectedDigests};

/// Parts asked for at once while a part table is read.
const PARTS_PAGE: usize = 1000;

/// An object on its way to another store.
pub(crate) struct Copied {
    pub(crate) body: Body,
    pub(crate) options: PutOptions,
}

/// Opens the source for a copy of the whole.
pub(crate) async fn open(
    cx: &Context,
    from: &SharedStore,
    source: &CopySource,
    options: CopyOptions,
) -> Result<Copied, StoreError> {
    let opened = open_source(cx, from, source).await?;
    let identity = identity(cx, from, source, &opened.info, &options).await?;
    let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await?;
    let kept = opened.info.metadata;
    let kept_tags = kept.tags.clone();
    let mut metadata = match options.metadata {
        Directive::Copy => store_class(kept, options.storage_class),
        Directive::Replace(metadata) => metadata,
    };
    metadata.tags = match options.tags {
        Directive::Copy => kept_tags,
        Directive::Replace(tags) => tags,
    };
    Ok(Copied { body, options: PutOptions { metadata, identity, condition: options.condition } })
}

/// Opens the source for a copy of a range, or of the whole.
pub(crate) async fn open_range(
    cx: &Context,
    from: &SharedStore,
    source: &CopySource,
    range: Option<ByteRange>,
) -> Result<Body, StoreError> {
    let opened = open_source(cx, from, source).await?;
    let range = range.unwrap_or(ByteRange::whole(opened.info.size_bytes));
    opened.content.read(range).await
}

/// The source, as the caller saw it: another entity tag means that it has changed since.
async fn open_source(cx: &Context, from: &SharedStore, source: &CopySource) -> Result<Opened, StoreError> {
    let opened = from.open(cx, &source.bucket, &source.key, open_options(source)).await?;
    if opened.info.etag == source.etag {
        Ok(opened)
    } else {
        Err(StoreError::new(StoreErrorKind::Conflict, "copy between stores"))
    }
}

fn open_options(source: &CopySource) -> OpenOptions {
    OpenOptions { version_id: source.version_id.clone(), ..OpenOptions::default() }
}

fn store_class(
    mut metadata: types::ObjectMetadata,
    class: Option<types::StorageClass>,
) -> types::ObjectMetadata {
    metadata.storage_class = class.unwrap_or(metadata.storage_class);
    metadata
}

/// The source's identity, or a new one where another checksum is asked for.
async fn identity(
    cx: &Context,
    from: &SharedStore,
    source: &CopySource,
    info: &ObjectInfo,
    options: &CopyOptions,
) -> Result<Identity, StoreError> {
    let has = info.checksum.map(|checksum| checksum.algorithm);
    if let Some(wanted) = options.checksum.filter(|wanted| Some(*wanted) != has) {
        let checksum = ExpectedChecksum::Compute(wanted);
        return Ok(Identity::Compute(ExpectedDigests { content_md5: None, checksum }));
    }
    let mut part_sizes = Vec::new();
    let mut page = ListParts { after: 0, limit: PARTS_PAGE };
    while info.part_count.is_some() {
        let parts = from.parts(cx, &source.bucket, &source.key, open_options(source), page).await?;
        part_sizes.extend(parts.parts.iter().map(|part| part.range.len()));
        match parts.parts.last() {
            Some(last) if parts.more => page.after = last.number,
            _ => break,
        }
    }
    Ok(Identity::Supplied(ObjectIdentity { etag: info.etag.clone(), checksum: info.checksum, part_sizes }))
}
