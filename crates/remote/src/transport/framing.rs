use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode};

use super::Head;
use crate::{RemoteError, RemoteErrorKind};

/// Where an answer's body ends. Source: RFC 9112, section 6.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// After so many bytes.
    Length(u64),
    /// Where its chunks say.
    Chunked,
    /// With the connection.
    UntilClose,
}

impl Framing {
    /// The framing of an answer to a request of this method.
    pub(crate) fn of(method: &Method, head: &Head) -> Result<Self, RemoteError> {
        let bodiless = matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if *method == Method::HEAD || bodiless {
            return Ok(Self::Length(0));
        }
        if head.headers.contains_key(TRANSFER_ENCODING) {
            return if is_chunked(&head.headers) {
                Ok(Self::Chunked)
            } else {
                Err(RemoteErrorKind::Malformed("an unknown transfer coding").into())
            };
        }
        Ok(content_length(&head.headers)?.map_or(Self::UntilClose, Self::Length))
    }

    /// The length where it is known beforehand.
    pub(crate) fn length_bytes(self) -> Option<u64> {
        match self {
            Self::Length(length) => Some(length),
            Self::Chunked | Self::UntilClose => None,
        }
    }
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let only = codings.next().is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    only && codings.next().is_none()
}

/// The one length that all `Content-Length` headers name.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, RemoteError> {
    const MALFORMED: RemoteErrorKind = RemoteErrorKind::Malformed("Content-Length");
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        let text = value.to_str().map_err(|_| RemoteError::from(MALFORMED))?.trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: Option<u64> = digits.then(|| text.parse().ok()).flatten();
        let number = number.ok_or(MALFORMED)?;
        if length.is_some_and(|length| length != number) {
            return Err(MALFORMED.into());
        }
        length = Some(number);
    }
    Ok(length)
}
