use bytes::Bytes;
use http::Method;
use remote::RemoteErrorKind;
use store::{Bucket, Missing, StoreError, StoreErrorKind};
use types::{Context, ObjectKey, TagSet, VersionId};

use crate::store::Inner;
use crate::store::buckets::with_md5;
use crate::wire::{Call, Seen};
use crate::{headers, xml};

impl Inner {
    pub(super) async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        let (name, version) = (bucket.name.as_str(), version_id.as_ref().map(VersionId::as_str));
        let method = if tags.is_empty() { Method::DELETE } else { Method::PUT };
        let call = Call::object(method, name, key.as_str()).of("tagging").with_some("versionId", version);
        let call = if tags.is_empty() { call } else { with_md5(call, write(&tags)) };
        let seen = Seen { version: version.is_some(), ..Seen::default() };
        let answer = self.wire.plain(cx, call).await;
        let headers = match answer {
            Ok(headers) => headers,
            Err(failure) => {
                let error = failure.into_store(seen, "change an object's tags");
                return Err(self.told_by_marker(cx, name, key, version_id.as_ref(), error).await);
            }
        };
        Ok(headers::version_id(&headers).or(version_id))
    }

    /// What it means that there is nothing to tag: not every service says of a delete marker that it is one.
    async fn told_by_marker(
        &self,
        cx: &Context,
        bucket: &str,
        key: &ObjectKey,
        version: Option<&VersionId>,
        error: StoreError,
    ) -> StoreError {
        match error.kind {
            StoreErrorKind::Missing(Missing::Key | Missing::Version) => {}
            StoreErrorKind::Unsupported(_) if version.is_some() => {}
            _ => return error,
        }
        let seen = Seen { version: version.is_some(), ..Seen::default() };
        let looked = self.head_now(cx, bucket, key, version).await;
        let marker = looked.err().map(|failure| failure.into_store(seen, error.operation));
        marker.filter(|found| matches!(found.kind, StoreErrorKind::DeleteMarker { .. })).unwrap_or(error)
    }

    /// An object's tags. An answer about an object tells only how many there are.
    pub(super) async fn object_tags(
        &self,
        cx: &Context,
        bucket: &str,
        key: &ObjectKey,
        version: Option<&VersionId>,
    ) -> Result<TagSet, StoreError> {
        const OPERATION: &str = "read an object's tags";
        let call = Call::object(Method::GET, bucket, key.as_str())
            .of("tagging")
            .with_some("versionId", version.map(VersionId::as_str));
        match self.wire.document(cx, call).await {
            Ok(document) => read(&document.root, TagSet::OBJECT_MAX, OPERATION),
            // Who may not read the tags may still read the object.
            Err(failure) if matches!(failure.status(), Some(403 | 501)) => Ok(TagSet::default()),
            Err(failure) => {
                Err(failure.into_store(Seen { version: version.is_some(), ..Seen::default() }, OPERATION))
            }
        }
    }
}

/// Writes the document of tags.
pub(super) fn write(tags: &TagSet) -> Bytes {
    let mut document = xml::Writer::root("Tagging");
    document.open("TagSet");
    for (key, value) in tags.iter() {
        document.open("Tag");
        document.text("Key", key);
        document.text("Value", value);
        document.close("Tag");
    }
    document.close("TagSet");
    document.finish("Tagging")
}

/// Reads the document of tags.
pub(super) fn read(root: &xml::Element, max: usize, operation: &'static str) -> Result<TagSet, StoreError> {
    let tags = root.child("TagSet").map(xml::Element::children).unwrap_or_default();
    let pair = |tag: &xml::Element| {
        let text = |name| tag.get(name).unwrap_or_default().to_owned();
        (text("Key"), text("Value"))
    };
    TagSet::new(tags.iter().map(pair).collect(), max).map_err(|error| {
        let malformed = RemoteErrorKind::Malformed("its tags break S3's rules");
        remote::RemoteError::with_source(malformed, error).into_store(operation)
    })
}
