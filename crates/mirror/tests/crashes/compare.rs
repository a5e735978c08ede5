use store::{Bucket, ListVersions, OpenOptions, Store, VersionEntry, VersionState, Versioning};
use types::{ByteRange, VersionId};

use crate::world::cx;

/// A version as a store shows it, without what each store decides for itself: ids and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    key: String,
    is_latest: bool,
    /// `None` for a marker.
    object: Option<ShownObject>,
}

/// Tag, size, bytes, tags and content type.
type ShownObject = (String, u64, Vec<u8>, Vec<(String, String)>, Option<String>);

/// All versions of a bucket, by key and newest first.
pub(crate) async fn shown(store: &dyn Store, bucket: &Bucket) -> Vec<Shown> {
    let options = ListVersions { limit: 1000, ..ListVersions::default() };
    let page = store.list_versions(&cx(), bucket, options).await.unwrap();
    assert!(!page.more);
    let mut all = Vec::new();
    for entry in page.entries {
        let VersionEntry::Version(version) = entry else { panic!("nothing was folded") };
        let object = match &version.state {
            VersionState::DeleteMarker => None,
            VersionState::Object(listed) => {
                let version_id = match bucket.versioning {
                    Versioning::Off => None,
                    _ => Some(version.version_id.clone()),
                };
                let (info, bytes) = read(store, bucket, &version.key, version_id).await;
                assert_eq!((&info.etag, info.size_bytes), (&listed.etag, listed.size_bytes));
                let tags = info.metadata.tags.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
                let etag = info.etag.as_str().to_owned();
                Some((etag, info.size_bytes, bytes, tags, info.metadata.headers.content_type))
            }
        };
        all.push(Shown { key: version.key.as_str().to_owned(), is_latest: version.is_latest, object });
    }
    all
}

async fn read(
    store: &dyn Store,
    bucket: &Bucket,
    key: &types::ObjectKey,
    version_id: Option<VersionId>,
) -> (store::ObjectInfo, Vec<u8>) {
    let options = OpenOptions { version_id, ..OpenOptions::default() };
    let opened = store.open(&cx(), bucket, key, options).await.unwrap();
    let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
    (opened.info, body.collect(1 << 22).await.unwrap().to_vec())
}
