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

/// Takes interim answers off the front of what was read; whether the beginning of a final one is there. A service may send
/// its `100 Continue` long after it was waited for. Source: RFC 9110, section 15.2.
pub(super) fn pass_interim(buffer: &mut BytesMut) -> Result<bool, RemoteError> {
    const BEGINNINGS: [&[u8]; 2] = [b"HTTP/1.1 1", b"HTTP/1.0 1"];
    while BEGINNINGS.iter().any(|beginning| buffer.starts_with(beginning)) {
        match parse_head(buffer)? {
            Some(head) if head.status == StatusCode::SWITCHING_PROTOCOLS => {
                return Err(RemoteErrorKind::Malformed("another protocol").into());
            }
            Some(_) => {}
            None => return Ok(false),
        }
    }
    Ok(buffer.len() >= BEGINNINGS[0].len())
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

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::transport::Framing;

    const HEAD: &[u8] = b"HTTP/1.1 206 Partial\r\nETag: \"a\"\r\nEmpty:\r\nContent-Length: 3\r\nx-twice: 1\r\nx-twice: 2\r\n\r\nabc";

    #[test]
    fn a_head_is_taken_off_and_the_body_stays() {
        for len in 0..HEAD.len() - 3 {
            let mut buffer = BytesMut::from(&HEAD[..len]);
            assert!(parse_head(&mut buffer).unwrap().is_none(), "{len}");
            assert_eq!(buffer.len(), len, "nothing is taken before it is whole");
        }
        let mut buffer = BytesMut::from(HEAD);
        let head = parse_head(&mut buffer).unwrap().unwrap();
        assert_eq!(&buffer[..], b"abc");
        assert_eq!(head.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(
            (&head.headers["etag"], &head.headers["empty"]),
            (&HeaderValue::from_static("\"a\""), &HeaderValue::from_static(""))
        );
        assert_eq!(head.headers.get_all("x-twice").iter().count(), 2);
        assert_eq!(Framing::of(&Method::GET, &head).unwrap(), Framing::Length(3));
        assert_eq!(Framing::of(&Method::HEAD, &head).unwrap(), Framing::Length(0));
    }

    #[test]
    fn damaged_heads_are_errors_or_heads_and_never_take_more_than_is_there() {
        for place in 0..HEAD.len() {
            for byte in [0, b'\r', b'\n', b' ', b':', b'0', b'a', 0x7F, 0xFF] {
                let mut damaged = BytesMut::from(HEAD);
                damaged[place] = byte;
                if let Ok(Some(head)) = parse_head(&mut damaged) {
                    let _ = Framing::of(&Method::GET, &head);
                    assert!(damaged.len() >= 3 || place + 3 >= HEAD.len(), "{place} {byte}");
                }
            }
        }
    }

    #[test]
    fn a_request_is_written_as_it_is() {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = Method::PUT;
        parts.uri = "http://host/a%2Fb//c?x=%20&y".parse().unwrap();
        parts.headers.insert("host", HeaderValue::from_static("host"));
        assert_eq!(encode_head(&parts), "PUT /a%2Fb//c?x=%20&y HTTP/1.1\r\nhost: host\r\n\r\n");
        parts.uri = "http://host".parse().unwrap();
        parts.headers.clear();
        assert_eq!(encode_head(&parts), "PUT / HTTP/1.1\r\n\r\n");
    }
}
