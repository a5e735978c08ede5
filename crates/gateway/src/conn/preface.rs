use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How an HTTP/2 client with prior knowledge begins. Source: RFC 9113, section 3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a client speaks, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// Reads just enough to tell the protocol, and returns what was read.
///
/// # Errors
/// The stream's.
pub(crate) async fn detect(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(Protocol, Bytes)> {
    let mut read = BytesMut::with_capacity(2 * 1024);
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok((Protocol::Http1, read.freeze()));
        }
        if read.len() >= PREFACE.len() && read.starts_with(PREFACE) {
            return Ok((Protocol::Http2, read.freeze()));
        }
        let common = read.len().min(PREFACE.len());
        if read[..common] != PREFACE[..common] {
            return Ok((Protocol::Http1, read.freeze()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(chunks: &[&[u8]]) -> (Protocol, Bytes) {
        let joined: Vec<u8> = chunks.concat();
        let (mut near, mut far) =
            tokio::io::duplex(chunks.iter().map(|chunk| chunk.len()).max().unwrap_or(1));
        let writer = tokio::spawn(async move {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut far, &joined).await;
        });
        let found = detect(&mut near).await.unwrap();
        drop(near);
        writer.await.unwrap();
        found
    }

    #[tokio::test]
    async fn the_preface_tells_http2_even_in_pieces() {
        let (protocol, read) =
            told(&[b"PRI", b" * ", b"HTT", b"P/2", b".0\r", b"\n\r\n", b"SM\r", b"\n\r\n"]).await;
        assert_eq!((protocol, &read[..]), (Protocol::Http2, PREFACE));
    }

    #[tokio::test]
    async fn anything_else_is_http1_and_nothing_is_lost() {
        let (protocol, read) = told(&[b"PRO /a HTTP/1.1\r\n"]).await;
        assert_eq!((protocol, &read[..]), (Protocol::Http1, &b"PRO /a HTTP/1.1\r\n"[..]));
        assert_eq!(told(&[b"P"]).await, (Protocol::Http1, Bytes::from_static(b"P")));
    }
}
