use std::io;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::script::RequestLine;

/// The longest head, in bytes.
const HEAD_MAX_BYTES: usize = 256 * 1024;
/// What is read at once, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// One direction of a connection, read message by message.
pub(super) struct Messages<R> {
    reader: R,
    buffer: BytesMut,
}

/// A head as it was read.
pub(super) struct Head {
    pub(super) text: String,
}

/// Where a message's body ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Framing {
    Length(u64),
    Chunked(Chunk),
    UntilClose,
    Ended,
}

/// Where in the chunked coding a body is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Chunk {
    Size,
    Data(u64),
    Trailers,
}

impl Head {
    pub(super) fn line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (String, &str)> {
        let fields = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers().find(|(found, _)| found == name).map(|(_, value)| value.to_owned())
    }

    pub(super) fn request(&self) -> RequestLine {
        let mut words = self.line().split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let headers = self.headers().map(|(name, value)| (name, value.to_owned())).collect();
        RequestLine { method: word(), path: word(), headers }
    }

    pub(super) fn status(&self) -> StatusCode {
        let code = self.line().split(' ').nth(1).and_then(|code| code.parse().ok());
        code.unwrap_or(StatusCode::BAD_GATEWAY)
    }

    /// The framing of a request.
    pub(super) fn request_framing(&self) -> Framing {
        self.framing().unwrap_or(Framing::Ended)
    }

    /// The framing of an answer to a request of this method.
    pub(super) fn response_framing(&self, method: &str) -> Framing {
        let status = self.status();
        let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if method == "HEAD" || bodiless || status.is_informational() {
            return Framing::Ended;
        }
        self.framing().unwrap_or(Framing::UntilClose)
    }

    fn framing(&self) -> Option<Framing> {
        if self.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return Some(Framing::Chunked(Chunk::Size));
        }
        match self.header("content-length")?.parse().ok()? {
            0 => Some(Framing::Ended),
            length => Some(Framing::Length(length)),
        }
    }

    /// The head with a header replaced or added.
    pub(super) fn with_header(&self, name: &str, value: &str) -> Self {
        let kept = self.text.trim_end().lines().filter(|line| {
            !line.split_once(':').is_some_and(|(found, _)| found.trim().eq_ignore_ascii_case(name))
        });
        let mut text: String = kept.map(|line| format!("{line}\r\n")).collect();
        text.push_str(&format!("{name}: {value}\r\n\r\n"));
        Self { text }
    }
}

impl<R: AsyncRead + Unpin> Messages<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: BytesMut::new() }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ_BYTES);
        self.reader.read_buf(&mut self.buffer).await
    }

    /// The next head; `None` where the peer has closed.
    pub(super) async fn head(&mut self) -> io::Result<Option<Head>> {
        const END: &[u8] = b"\r\n\r\n";
        loop {
            if let Some(end) = self.buffer.windows(END.len()).position(|window| window == END) {
                let bytes = self.buffer.split_to(end + END.len());
                let text = String::from_utf8_lossy(&bytes).into_owned();
                return Ok(Some(Head { text }));
            }
            if self.buffer.len() > HEAD_MAX_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// The next bytes of a body as they are on the wire; `None` at its end.
    pub(super) async fn piece(&mut self, framing: &mut Framing) -> io::Result<Option<Bytes>> {
        loop {
            let max = match framing {
                Framing::Ended => return Ok(None),
                Framing::Length(left) | Framing::Chunked(Chunk::Data(left)) => *left,
                Framing::UntilClose => u64::MAX,
                Framing::Chunked(chunk @ (Chunk::Size | Chunk::Trailers)) => {
                    if let Some(line) = self.line().await? {
                        *framing = behind(*chunk, &line);
                        return Ok(Some(line));
                    }
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            };
            if self.buffer.is_empty() && self.fill().await? == 0 {
                if matches!(framing, Framing::UntilClose) {
                    *framing = Framing::Ended;
                    continue;
                }
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let count = self.buffer.len().min(usize::try_from(max).unwrap_or(usize::MAX));
            let left = max - count as u64;
            *framing = match *framing {
                Framing::Length(_) if left == 0 => Framing::Ended,
                Framing::Length(_) => Framing::Length(left),
                Framing::Chunked(_) if left == 0 => Framing::Chunked(Chunk::Size),
                Framing::Chunked(_) => Framing::Chunked(Chunk::Data(left)),
                other => other,
            };
            return Ok(Some(self.buffer.split_to(count).freeze()));
        }
    }

    async fn line(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                return Ok(Some(self.buffer.split_to(end + 1).freeze()));
            }
            if self.buffer.len() > HEAD_MAX_BYTES || self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Where a chunked body is behind a line. The empty line behind a chunk's data reads as a size of nothing, and is passed
/// over.
fn behind(chunk: Chunk, line: &[u8]) -> Framing {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end().split(';').next().unwrap_or_default().trim().to_owned();
    match chunk {
        Chunk::Trailers if text.is_empty() => Framing::Ended,
        Chunk::Trailers => Framing::Chunked(Chunk::Trailers),
        _ => match u64::from_str_radix(&text, 16) {
            Ok(0) => Framing::Chunked(Chunk::Trailers),
            Ok(size) => Framing::Chunked(Chunk::Data(size)),
            Err(_) => Framing::Chunked(Chunk::Size),
        },
    }
}
