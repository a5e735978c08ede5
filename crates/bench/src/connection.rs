use std::io;
use std::net::SocketAddr;

use rustix::net::RecvFlags;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;

use crate::args::Discard;
use crate::bodies::Payload;

/// Bytes that one read takes at most: large bodies pass through this one buffer.
const READ_BUFFER_BYTES: usize = 1024 * 1024;
/// The most headers of a response.
const HEADERS_MAX: usize = 64;
/// The largest response head.
const HEAD_MAX_BYTES: usize = 64 * 1024;

/// What came back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Bytes of the body.
    pub(crate) body_bytes: u64,
}

/// One HTTP/1.1 connection, one request at a time; it reconnects where the server closed it.
pub(crate) struct Connection {
    address: SocketAddr,
    discard: Discard,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    outgoing: Vec<u8>,
    etag: String,
}

/// Whether the body of a reply is kept.
pub(crate) enum Sink<'a> {
    /// Read and dropped.
    Discard,
    /// Appended here.
    Keep(&'a mut Vec<u8>),
}

struct Head {
    length_bytes: usize,
    status: u16,
    framing: Framing,
    close: bool,
}

enum Framing {
    None,
    Length(u64),
    Chunked,
}

impl Connection {
    /// A connection that is opened by its first request.
    pub(crate) fn new(address: SocketAddr, discard: Discard) -> Self {
        Self {
            address,
            discard,
            stream: None,
            buffer: vec![0; READ_BUFFER_BYTES],
            outgoing: Vec::new(),
            etag: String::new(),
        }
    }

    /// The ETag of the last reply that had one.
    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }

    /// Sends a request and reads its reply whole.
    pub(crate) async fn exchange(
        &mut self,
        head: &[u8],
        payload: Option<&Payload>,
        mut sink: Sink<'_>,
    ) -> io::Result<Reply> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        match payload {
            Some(payload) => payload.send(head, &mut stream, &mut self.outgoing).await?,
            None => stream.write_all(head).await?,
        }
        let bodiless = head.starts_with(b"HEAD ");
        let (found, filled) = self.read_head(&mut stream, bodiless).await?;
        let rest = found.length_bytes..filled;
        let body_bytes = match found.framing {
            Framing::None => 0,
            Framing::Length(length) => self.read_length(&mut stream, rest, length, &mut sink).await?,
            Framing::Chunked => self.read_chunks(&mut stream, rest, &mut sink).await?,
        };
        if !found.close {
            self.stream = Some(stream);
        }
        Ok(Reply { status: found.status, body_bytes })
    }

    async fn read_head(&mut self, stream: &mut TcpStream, bodiless: bool) -> io::Result<(Head, usize)> {
        let mut filled = 0;
        loop {
            let count = stream.read(&mut self.buffer[filled..]).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += count;
            if let Some(head) = parse_head(&self.buffer[..filled], bodiless, &mut self.etag)? {
                return Ok((head, filled));
            }
            if filled > HEAD_MAX_BYTES {
                return Err(bad("the head of the reply is too large"));
            }
        }
    }

    async fn read_length(
        &mut self,
        stream: &mut TcpStream,
        rest: std::ops::Range<usize>,
        length_bytes: u64,
        sink: &mut Sink<'_>,
    ) -> io::Result<u64> {
        sink.take(&self.buffer[rest.clone()]);
        let mut left =
            length_bytes.checked_sub(rest.len() as u64).ok_or_else(|| bad("bytes behind the body"))?;
        while left > 0 {
            let count = match (self.discard, &sink) {
                (Discard::Kernel, Sink::Discard) => discard(stream, &mut self.buffer).await?,
                _ => stream.read(&mut self.buffer).await?,
            };
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            sink.take(&self.buffer[..count]);
            left = left.checked_sub(count as u64).ok_or_else(|| bad("bytes behind the body"))?;
        }
        Ok(length_bytes)
    }

    async fn read_chunks(
        &mut self,
        stream: &mut TcpStream,
        rest: std::ops::Range<usize>,
        sink: &mut Sink<'_>,
    ) -> io::Result<u64> {
        let mut pending = self.buffer[rest].to_vec();
        let mut total = 0;
        loop {
            while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(&pending) {
                let end = start + size as usize;
                if pending.len() < end + 2 {
                    break;
                }
                sink.take(&pending[start..end]);
                total += size;
                pending.drain(..end + 2);
                if size == 0 {
                    return Ok(total);
                }
            }
            let count = stream.read(&mut self.buffer).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            pending.extend_from_slice(&self.buffer[..count]);
        }
    }
}

impl Sink<'_> {
    fn take(&mut self, bytes: &[u8]) {
        if let Self::Keep(kept) = self {
            kept.extend_from_slice(bytes);
        }
    }
}

/// Takes bytes off the stream without copying them; at most as many as the buffer holds, which stays as it is.
async fn discard(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let receive = || Ok(rustix::net::recv(stream, &mut *buffer, RecvFlags::TRUNC)?.1);
    stream.async_io(Interest::READABLE, receive).await
}

fn parse_head(bytes: &[u8], bodiless: bool, etag: &mut String) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|error| bad(&error.to_string()))?;
    let httparse::Status::Complete(length_bytes) = parsed else { return Ok(None) };
    let status = response.code.ok_or_else(|| bad("a reply without a status"))?;
    let mut framing = Framing::Length(0);
    let mut close = false;
    for header in response.headers.iter() {
        let value = || std::str::from_utf8(header.value).map_err(|_| bad("a header that is not text"));
        if header.name.eq_ignore_ascii_case("content-length") {
            framing = Framing::Length(value()?.parse().map_err(|_| bad("a broken content-length"))?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Framing::Chunked;
        } else if header.name.eq_ignore_ascii_case("connection") {
            close = value()?.eq_ignore_ascii_case("close");
        } else if header.name.eq_ignore_ascii_case("etag") {
            etag.clear();
            etag.push_str(value()?);
        }
    }
    if bodiless || status == 204 || status == 304 {
        framing = Framing::None;
    }
    Ok(Some(Head { length_bytes, status, framing, close }))
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_is_not_whole_asks_for_more() {
        assert!(parse_head(b"HTTP/1.1 200 OK\r\ncontent-le", false, &mut String::new()).unwrap().is_none());
    }

    #[test]
    fn the_length_the_tag_and_the_close_are_found() {
        let mut etag = String::from("old");
        let text =
            b"HTTP/1.1 206 Partial\r\nContent-Length: 5\r\nETag: \"x\"\r\nConnection: close\r\n\r\nhello";
        let head = parse_head(text, false, &mut etag).unwrap().unwrap();
        assert!(matches!(head.framing, Framing::Length(5)));
        assert_eq!((head.status, head.close, &text[head.length_bytes..]), (206, true, &b"hello"[..]));
        assert_eq!(etag, "\"x\"");
    }

    #[test]
    fn a_reply_to_head_has_no_body_whatever_its_length_says() {
        let head = parse_head(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true, &mut String::new());
        assert!(matches!(head.unwrap().unwrap().framing, Framing::None));
    }
}
