use std::sync::Arc;

use http::{HeaderMap, Method};
use parking_lot::Mutex;
use remote::Response;
use store::{Bucket, ObjectInfo, OpenOptions, Opened, StoreError, Versioning};
use types::{Context, ObjectKey, VersionId};

use crate::store::Inner;
use crate::store::content::{Pinned, S3Content};
use crate::store::info::{Described, describe};
use crate::wire::{Call, Failure, Seen};

impl Inner {
    pub(super) async fn open(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        const OPERATION: &str = "open an object";
        let seen = seen(&options);
        let range = options.range_hint.filter(|_| options.part_number.is_none());
        let mut call = look(Method::GET, bucket, key, &options);
        if let Some(range) = range {
            call = call.header("range", range.to_string());
        }
        let response = match self.wire.send(cx, call).await {
            Ok(response) => response,
            // No byte is in the range: the caller decides what that means, given the size.
            Err(failure) if range.is_some() && failure.status() == Some(416) => {
                let info = self.head(cx, bucket, key, options).await?;
                return Ok(self.opened(cx, bucket, key, info, None));
            }
            Err(failure) => return Err(failure.into_store(seen, OPERATION)),
        };
        let Response { status, headers, body } = response;
        let described = describe(status, &headers, options.part_number);
        let described = described.map_err(|error| error.into_store(OPERATION))?;
        let first = Some((described.range, body));
        let info = self.with_tags(cx, bucket, key, described).await?;
        Ok(self.opened(cx, bucket, key, info, first))
    }

    fn opened(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        info: ObjectInfo,
        first: Option<(types::ByteRange, types::Body)>,
    ) -> Opened {
        let pinned = Pinned {
            bucket: bucket.name.as_str().to_owned(),
            key: key.clone(),
            version_id: info.version_id.clone(),
            etag: info.etag.clone(),
            size_bytes: info.size_bytes,
            checksum: info.checksum,
        };
        let content = S3Content { inner: Arc::clone(self), cx: cx.clone(), pinned, first: Mutex::new(first) };
        Opened { info, content: Box::new(content) }
    }

    pub(super) async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        const OPERATION: &str = "look at an object";
        let seen = seen(&options);
        let into_store = |failure: Failure| failure.into_store(seen, OPERATION);
        let response =
            self.wire.send(cx, look(Method::HEAD, bucket, key, &options)).await.map_err(into_store)?;
        let (status, mut headers) = (response.status, response.headers);
        if options.part_number.is_some() && !headers.contains_key("content-range") {
            // Not every service tells a HEAD where the part lies.
            let call = look(Method::GET, bucket, key, &options);
            headers = self.wire.send(cx, call).await.map_err(into_store)?.headers;
        }
        let described = describe(status, &headers, options.part_number);
        self.with_tags(cx, bucket, key, described.map_err(|error| error.into_store(OPERATION))?).await
    }

    /// Adds the tags, which an answer only counts.
    async fn with_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        described: Described,
    ) -> Result<ObjectInfo, StoreError> {
        let Described { mut info, tag_count, .. } = described;
        if info.version_id.is_none() && bucket.versioning != Versioning::Off {
            // Not every service names the null version.
            info.version_id = Some(VersionId::Null);
        }
        if tag_count > 0 {
            let version = info.version_id.as_ref();
            info.metadata.tags = self.object_tags(cx, bucket.name.as_str(), key, version).await?;
        }
        Ok(info)
    }

    /// The head of an object's answer, for looking what is there after a write whose outcome is unknown.
    pub(crate) async fn head_now(
        &self,
        cx: &Context,
        bucket: &str,
        key: &ObjectKey,
        version: Option<&VersionId>,
    ) -> Result<(ObjectInfo, HeaderMap), Failure> {
        let call = Call::object(Method::HEAD, bucket, key.as_str())
            .with_some("versionId", version.map(VersionId::as_str))
            .header("x-amz-checksum-mode", "ENABLED");
        let response = self.wire.send(cx, call).await?;
        let described = describe(response.status, &response.headers, None)?;
        Ok((described.info, response.headers))
    }
}

fn seen(options: &OpenOptions) -> Seen {
    Seen { version: options.version_id.is_some(), part: options.part_number.is_some(), checksum: None }
}

fn look<'a>(method: Method, bucket: &'a Bucket, key: &'a ObjectKey, options: &OpenOptions) -> Call<'a> {
    let part = options.part_number.map(|number| number.to_string());
    Call::object(method, bucket.name.as_str(), key.as_str())
        .with_some("versionId", options.version_id.as_ref().map(VersionId::as_str))
        .with_some("partNumber", part.as_deref())
        .header("x-amz-checksum-mode", "ENABLED")
}
