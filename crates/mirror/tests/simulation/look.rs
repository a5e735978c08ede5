use std::collections::BTreeMap;

use store::{
    Bucket, ListEntry, ListObjects, Missing, ObjectInfo, OpenOptions, Position, SharedStore, StoreError,
    StoreErrorKind,
};
use types::{Body, BodyError, ByteRange, Frame, ObjectKey, VersionId};

use crate::model::{Content, Shown, State};
use crate::world::cx;

/// The least size of a content, in bytes: its number stands in the first of them.
pub(crate) const CONTENT_MIN_BYTES: usize = 16;

/// What a look at a key came to.
pub(crate) enum Look {
    /// This stands there.
    Found(State, Option<Box<ObjectInfo>>),
    /// It could not be told.
    Failed(String),
}

pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).expect("a legal key")
}

/// Which content these bytes are; the bytes of none are a failure of the mirror.
pub(crate) fn identify(bytes: &[u8]) -> Content {
    let Some((number, _)) = bytes.split_first_chunk() else {
        panic!("no content is of {} bytes", bytes.len());
    };
    let content = Content { number: u64::from_le_bytes(*number), size_bytes: bytes.len() };
    assert!(content.bytes() == bytes, "bytes of no content that was ever written: {content:?}");
    content
}

/// All bytes up to the end or an error.
pub(crate) async fn drain(mut body: Body) -> (Vec<u8>, Option<BodyError>) {
    let mut bytes = Vec::new();
    while let Some(frame) = body.next_frame().await {
        match frame {
            Ok(Frame::Data(data)) => bytes.extend_from_slice(&data),
            Ok(Frame::Trailer(_)) => {}
            Err(error) => return (bytes, Some(error)),
        }
    }
    (bytes, None)
}

/// Whether the error says that nothing stands there.
pub(crate) fn is_absent(error: &StoreError) -> bool {
    matches!(
        error.kind,
        StoreErrorKind::Missing(Missing::Key | Missing::Version) | StoreErrorKind::DeleteMarker { .. }
    )
}

/// Reads a key, or a version of it, as a whole.
pub(crate) async fn look(
    store: &SharedStore,
    bucket: &Bucket,
    name: &str,
    version_id: Option<VersionId>,
) -> Look {
    let options = OpenOptions { version_id, ..OpenOptions::default() };
    let opened = match store.open(&cx(), bucket, &key(name), options).await {
        Ok(opened) => opened,
        Err(error) if is_absent(&error) => return Look::Found(None, None),
        Err(error) => return Look::Failed(error.to_string()),
    };
    let body = match opened.content.read(ByteRange::whole(opened.info.size_bytes)).await {
        Ok(body) => body,
        Err(error) => return Look::Failed(error.to_string()),
    };
    let (bytes, error) = drain(body).await;
    if let Some(error) = error {
        assert!((bytes.len() as u64) < opened.info.size_bytes, "a body that fails is not complete");
        return Look::Failed(error.to_string());
    }
    assert_eq!(bytes.len() as u64, opened.info.size_bytes, "the bytes of {name:?} are as many as was said");
    Look::Found(Some(identify(&bytes)), Some(Box::new(opened.info)))
}

/// Every entry of a listing, by pages of `limit`.
pub(crate) async fn list(
    store: &SharedStore,
    bucket: &Bucket,
    delimiter: Option<&str>,
    limit: usize,
) -> Result<Vec<ListEntry>, StoreError> {
    let mut entries = Vec::new();
    let mut after = None;
    loop {
        let options =
            ListObjects { prefix: String::new(), delimiter: delimiter.map(str::to_owned), after, limit };
        let page = store.list(&cx(), bucket, options).await?;
        assert!(page.entries.len() <= limit, "a page holds no more than was asked for");
        after = page.entries.last().map(|entry| match entry {
            ListEntry::Object(object) => Position::Key(object.key.as_str().to_owned()),
            ListEntry::Prefix(prefix) => Position::Prefix(prefix.clone()),
        });
        entries.extend(page.entries);
        if !page.more {
            return Ok(entries);
        }
        assert!(after.is_some(), "a page with more behind it is not empty");
    }
}

/// What a flat listing shows of each key.
pub(crate) fn shown(entries: &[ListEntry]) -> BTreeMap<String, Shown> {
    let object = |entry: &ListEntry| match entry {
        ListEntry::Object(object) => {
            let shown = Shown {
                etag: object.etag.clone(),
                size_bytes: object.size_bytes,
                modified_at: object.modified_at,
            };
            (object.key.as_str().to_owned(), shown)
        }
        ListEntry::Prefix(prefix) => panic!("a listing without a delimiter holds the prefix {prefix:?}"),
    };
    let all: BTreeMap<_, _> = entries.iter().map(object).collect();
    assert_eq!(all.len(), entries.len(), "no key comes twice");
    assert!(
        all.keys().map(String::as_str).eq(entries.iter().map(name)),
        "keys come in order: {:?}",
        entries.iter().map(name).collect::<Vec<_>>()
    );
    all
}

/// The names of a listing with a delimiter, made from one without.
pub(crate) fn folded<'a>(keys: impl Iterator<Item = &'a String>, delimiter: char) -> Vec<String> {
    let mut names: Vec<String> = keys
        .map(|key| match key.find(delimiter) {
            Some(place) => key[..=place].to_owned(),
            None => key.clone(),
        })
        .collect();
    names.dedup();
    names
}

/// The key or prefix of an entry.
pub(crate) fn name(entry: &ListEntry) -> &str {
    match entry {
        ListEntry::Object(object) => object.key.as_str(),
        ListEntry::Prefix(prefix) => prefix,
    }
}

/// The version ids of a key, newest first.
pub(crate) async fn list_versions(store: &SharedStore, bucket: &Bucket, name: &str) -> Vec<VersionId> {
    let options =
        store::ListVersions { prefix: name.to_owned(), limit: 1_000, ..store::ListVersions::default() };
    let page = store.list_versions(&cx(), bucket, options).await.expect("the store is well");
    let id = |entry| match entry {
        store::VersionEntry::Version(version) if version.key.as_str() == name => Some(version.version_id),
        _ => None,
    };
    page.entries.into_iter().filter_map(id).collect()
}
