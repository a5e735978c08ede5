use std::borrow::Cow;
use std::fmt;

use types::{ETag, Timestamp, VersionId};

use crate::ErrorCode;

/// A header that goes with an error, beside those of every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorHeader {
    /// `x-amz-delete-marker: true`.
    DeleteMarker,
    /// `x-amz-version-id`.
    VersionId(VersionId),
    /// `ETag`, on 304.
    ETag(ETag),
    /// `Last-Modified`, on 304 and on a delete marker named by its version.
    LastModified(Timestamp),
    /// `Cache-Control`, on 304.
    CacheControl(String),
    /// `Expires`, on 304.
    Expires(String),
    /// `Content-Range: bytes */SIZE`, on 416.
    UnsatisfiedRange(u64),
    /// `x-amz-bucket-region`.
    BucketRegion(String),
    /// `Allow`, on 405.
    Allow(&'static str),
    /// `Retry-After`, in seconds.
    RetryAfter(u32),
}

/// A refusal or failure as S3 tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Error {
    /// The code, which fixes the HTTP status.
    pub code: ErrorCode,
    /// The text for people.
    pub message: Cow<'static, str>,
    /// Further XML elements, in order.
    pub details: Vec<(&'static str, String)>,
    /// Further headers.
    pub headers: Vec<ErrorHeader>,
}

impl S3Error {
    /// The error with the code's own message.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self::with_message(code, code.message())
    }

    /// The error with a message of its own.
    #[must_use]
    pub fn with_message(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    /// Adds an XML element.
    #[must_use]
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, header: ErrorHeader) -> Self {
        self.headers.push(header);
        self
    }

    /// `InvalidArgument` with the argument's name and value, as S3 tells them.
    #[must_use]
    pub fn invalid_argument(
        message: impl Into<Cow<'static, str>>,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self::with_message(ErrorCode::InvalidArgument, message)
            .detail("ArgumentName", name)
            .detail("ArgumentValue", value)
    }

    /// `InvalidRequest` with what is wrong.
    #[must_use]
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_message(ErrorCode::InvalidRequest, message)
    }

    /// `NotImplemented` for a request header, by name.
    #[must_use]
    pub fn header_not_implemented(name: impl Into<String>) -> Self {
        let name = name.into();
        let message = format!("A header you provided implies functionality that is not implemented: {name}");
        Self::with_message(ErrorCode::NotImplemented, message).detail("Header", name)
    }
}

impl From<ErrorCode> for S3Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for S3Error {}
