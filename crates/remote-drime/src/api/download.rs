use http::header::{CONTENT_RANGE, ETAG, HeaderValue, IF_MATCH, LOCATION, RANGE};
use http::{Method, StatusCode, Uri};
use remote::{Anonymous, Request};
use types::{Body, ByteRange, Context};

use super::{Api, ApiError, ApiErrorKind, EntryId, Lane};

const CALL: &str = "read a file";

/// Bytes on their way from the storage.
pub(crate) struct Fetched {
    /// They.
    pub(crate) body: Body,
    /// The storage's own tag of the whole, to pin later reads to.
    pub(crate) etag: Option<HeaderValue>,
}

/// What to read.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Which bytes; not none.
    pub(crate) range: ByteRange,
    /// The size that the file must have.
    pub(crate) size_bytes: u64,
    /// The storage's tag that it must have.
    pub(crate) etag: Option<HeaderValue>,
}

impl Api {
    /// Where the bytes of a file are: an address that is good for a while, without the token.
    pub(crate) async fn locate(&self, cx: &Context, lane: Lane, id: EntryId) -> Result<Uri, ApiError> {
        let request = Request::new(Method::GET, self.url(&format!("/file-entries/{id}/download"), "", CALL)?);
        let response = self.send(cx, lane, CALL, request).await?;
        if !response.status.is_redirection() {
            return match response.status.is_success() {
                true => Err(ApiError::new(ApiErrorKind::Malformed("a download without a redirect"), CALL)),
                false => Err(ApiError::of_status(response.status, CALL)),
            };
        }
        let location = response.header(LOCATION.as_str()).and_then(|text| text.parse::<Uri>().ok());
        let location = location.filter(|uri| uri.authority().is_some() && uri.scheme().is_some());
        location.ok_or_else(|| ApiError::new(ApiErrorKind::Malformed("a redirect to nowhere"), CALL))
    }

    /// Reads a range from its address, without the token.
    ///
    /// # Errors
    /// `Gone` where the file is no longer of the size or tag wanted; `Refused` where the address is too old.
    pub(crate) async fn fetch(&self, cx: &Context, url: Uri, wanted: Wanted) -> Result<Fetched, ApiError> {
        let is_whole = wanted.range == ByteRange::whole(wanted.size_bytes);
        let mut request = Request::new(Method::GET, url);
        if !is_whole {
            let range = format!("bytes={}-{}", wanted.range.start, wanted.range.end - 1);
            let range = HeaderValue::from_str(&range).expect("digits are a header's value");
            request.headers.insert(RANGE, range);
        }
        if let Some(etag) = &wanted.etag {
            request.headers.insert(IF_MATCH, etag.clone());
        }
        let sent = self.client().send(cx, request, &Anonymous).await;
        let response = sent.map_err(|error| ApiError::from((error, CALL)))?;
        let changed = || ApiError::new(ApiErrorKind::Gone, CALL);
        match response.status {
            StatusCode::OK if is_whole => {}
            StatusCode::PARTIAL_CONTENT if !is_whole => {
                let expected =
                    format!("bytes {}-{}/{}", wanted.range.start, wanted.range.end - 1, wanted.size_bytes);
                if response.header(CONTENT_RANGE.as_str()) != Some(expected.as_str()) {
                    return Err(changed());
                }
            }
            StatusCode::OK => {
                return Err(ApiError::new(ApiErrorKind::Malformed("all bytes instead of a range"), CALL));
            }
            StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => return Err(changed()),
            status => return Err(ApiError::of_status(status, CALL)),
        }
        if response.body.length_bytes().is_some_and(|length| length != wanted.range.len()) {
            return Err(changed());
        }
        Ok(Fetched { etag: response.headers.get(ETAG).cloned(), body: response.body })
    }
}
