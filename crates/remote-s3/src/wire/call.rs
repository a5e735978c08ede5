use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use remote::{Payload, Replay};
use sigv4::encode::encoded;
use store::StoreError;

use crate::headers;

/// What the signature says of a body.
#[derive(Debug, Clone)]
pub(crate) enum Signed {
    /// The hash is computed where anybody on the way could change the body; else TLS covers it.
    Bytes,
    /// It says this in the hash's place.
    As(&'static str),
}

/// A request to be made.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) bucket: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    pub(crate) signed: Signed,
    pub(crate) replay: Replay,
}

impl<'a> Call<'a> {
    /// A request for the whole service, that may be repeated.
    pub(crate) fn service(method: Method) -> Self {
        Self {
            method,
            bucket: None,
            key: None,
            query: String::new(),
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            signed: Signed::Bytes,
            replay: Replay::Safe,
        }
    }

    /// A request for a bucket.
    pub(crate) fn bucket(method: Method, bucket: &'a str) -> Self {
        Self { bucket: Some(bucket), ..Self::service(method) }
    }

    /// A request for an object.
    pub(crate) fn object(method: Method, bucket: &'a str, key: &'a str) -> Self {
        Self { key: Some(key), ..Self::bucket(method, bucket) }
    }

    /// Adds a parameter without a value, which names a part of the bucket or object.
    pub(crate) fn of(mut self, name: &str) -> Self {
        self.parameter(name, "");
        self
    }

    /// Adds a parameter.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.parameter(name, value);
        self
    }

    /// Adds a parameter where there is a value.
    pub(crate) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn parameter(&mut self, name: &str, value: &str) {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        self.query.push_str(&encoded(value, None));
    }

    /// Adds a header whose value is known to be one.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        let value = HeaderValue::from_str(&value.into()).expect("numbers, dates and names are visible ASCII");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// Adds a header with a text from elsewhere.
    ///
    /// # Errors
    /// `Unsupported` where no header can bear it.
    pub(crate) fn text_header(mut self, name: &'static str, text: &str) -> Result<Self, StoreError> {
        self.headers.insert(HeaderName::from_static(name), headers::value(text)?);
        Ok(self)
    }

    /// Says that repeating it is not the same as making it once.
    pub(crate) fn once(mut self) -> Self {
        self.replay = Replay::Unsent;
        self
    }

    /// Gives it a body at hand.
    pub(crate) fn bytes(mut self, bytes: Bytes) -> Self {
        self.payload = Payload::Bytes(bytes);
        self
    }
}
