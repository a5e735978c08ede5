use std::mem::MaybeUninit;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::{RemoteError, RemoteErrorKind};

/// The longest head of an answer, in bytes.
pub(super) const HEAD_MAX_BYTES: usize = 64 * 1024;
/// The most headers of an answer.
const HEADERS_MAX: usize = 192;

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Whether the connection may carry another request.
    pub(crate) keeps_alive: bool,
}

/// Writes the head of a request.
pub(crate) fn encode_head(parts: &Parts) -> BytesMut {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut head = BytesMut::with_capacity(1024 + path.len());
    head.put_slice(parts.method.as_str().as_bytes());
    head.put_slice(b" ");
    head.put_slice(path.as_bytes());
    head.put_slice(b" HTTP/1.1\r\n");
    for (name, value) in &parts.headers {
        head.put_slice(name.as_str().as_bytes());
        head.put_slice(b": ");
        head.put_slice(value.as_bytes());
        head.put_slice(b"\r\n");
    }
    head.put_slice(b"\r\n");
    head
}

/// Takes a head off the front of what was read; `None` while it is not whole.
pub(super) fn parse_head(buffer: &mut BytesMut) -> Result<Option<Head>, RemoteError> {
    const MALFORMED: RemoteErrorKind = RemoteErrorKind::Malformed("the head of the answer");
    let mut places = [MaybeUninit::uninit(); HEADERS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, buffer, &mut places)
        .map_err(|error| RemoteError::with_source(MALFORMED, error))?;
    let httparse::Status::Complete(length) = parsed else {
        return if buffer.len() < HEAD_MAX_BYTES { Ok(None) } else { Err(MALFORMED.into()) };
    };
    let base = buffer.as_ptr() as usize;
    let place = |part: &[u8]| part.as_ptr() as usize - base;
    let code = response.code.and_then(|code| StatusCode::from_u16(code).ok());
    let (status, minor) = (code.ok_or(MALFORMED)?, response.version.unwrap_or(0));
    let mut fields = Vec::with_capacity(response.headers.len());
    for header in response.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let name = name.map_err(|error| RemoteError::with_source(MALFORMED, error))?;
        let start = if header.value.is_empty() { 0 } else { place(header.value) };
        fields.push((name, start..start + header.value.len()));
    }
    let bytes = buffer.split_to(length).freeze();
    let headers = collect(fields, &bytes).ok_or(MALFORMED)?;
    let keeps_alive = keeps_alive(&headers, minor);
    Ok(Some(Head { status, headers, keeps_alive }))
}

/// The headers, their values sharing the bytes read.
fn collect(fields: Vec<(HeaderName, std::ops::Range<usize>)>, bytes: &Bytes) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (name, range) in fields {
        let value = HeaderValue::from_maybe_shared(bytes.slice(range)).ok()?;
        headers.try_append(name, value).ok()?;
    }
    Some(headers)
}

/// Source: RFC 9112, section 9.3. A message with both a length and a transfer coding ends its connection, section 6.1.
fn keeps_alive(headers: &HeaderMap, minor: u8) -> bool {
    let says = |token: &str| {
        let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|option| option.trim().eq_ignore_ascii_case(token))
    };
    let twice_framed = headers.contains_key(CONTENT_LENGTH) && headers.contains_key(TRANSFER_ENCODING);
    let wanted = if minor == 0 { says("keep-alive") } else { !says("close") };
    wanted && !twice_framed
}
