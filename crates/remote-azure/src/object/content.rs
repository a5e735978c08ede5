use async_trait::async_trait;
use parking_lot::Mutex;
use store::{Content, StoreError, StoreErrorKind};
use types::{Body, BodyError, BodyErrorKind, ByteRange, Context};

use crate::api::{Api, Failure};

const OPERATION: &str = "read object";
/// How often a read that breaks off is taken up again.
const RESUMES_MAX: u32 = 5;

/// The bytes of one version of a blob.
#[derive(Clone)]
pub(super) struct Bytes {
    pub(super) api: Api,
    pub(super) cx: Context,
    pub(super) container: String,
    pub(super) blob: String,
    /// The version, by Azure's tag.
    pub(super) azure_etag: String,
}

impl Bytes {
    async fn ask(&self, range: ByteRange) -> Result<Body, Failure> {
        let place = (self.container.as_str(), self.blob.as_str());
        let response = self.api.get(&self.cx, place, Some(range), Some(&self.azure_etag)).await?;
        Ok(response.body)
    }

    /// A body of a range that has been asked for, taken up again where it breaks off.
    fn lasting(&self, first: Body, range: ByteRange) -> Body {
        let bytes = self.clone();
        remote::resume(first, range, RESUMES_MAX, move |range| {
            let bytes = bytes.clone();
            async move { bytes.ask(range).await.map_err(lost) }
        })
    }
}

/// The rest of a body that cannot be had.
fn lost(failure: Failure) -> BodyError {
    BodyError::with_source(BodyErrorKind::Storage, failure.into_store(OPERATION))
}

/// A range of a version of a blob, from the service.
pub(crate) async fn pinned(
    api: &Api,
    cx: &Context,
    (container, blob): (&str, &str),
    azure_etag: &str,
    range: ByteRange,
) -> Result<Body, Failure> {
    if range.is_empty() {
        return Ok(Body::empty());
    }
    let bytes = Bytes {
        api: api.clone(),
        cx: cx.clone(),
        container: container.to_owned(),
        blob: blob.to_owned(),
        azure_etag: azure_etag.to_owned(),
    };
    let first = bytes.ask(range).await?;
    Ok(bytes.lasting(first, range))
}

/// An open blob: the body that came with its headers, and further requests for other ranges.
pub(super) struct BlobContent {
    bytes: Bytes,
    first: Mutex<Option<(ByteRange, Body)>>,
}

impl BlobContent {
    pub(super) fn new(bytes: Bytes, first: Option<(ByteRange, Body)>) -> Self {
        Self { bytes, first: Mutex::new(first) }
    }
}

#[async_trait]
impl Content for BlobContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        if range.is_empty() {
            return Ok(Body::empty());
        }
        let first = {
            let mut first = self.first.lock();
            if first.as_ref().is_some_and(|(at_hand, _)| *at_hand == range) { first.take() } else { None }
        };
        let body = match first {
            Some((_, body)) => body,
            None => self.bytes.ask(range).await.map_err(|failure| {
                // The version that was opened is gone: never other bytes.
                if failure.is_condition() || failure.is_missing() {
                    return StoreError::new(StoreErrorKind::Unavailable, OPERATION);
                }
                failure.into_store(OPERATION)
            })?,
        };
        Ok(self.bytes.lasting(body, range))
    }
}
