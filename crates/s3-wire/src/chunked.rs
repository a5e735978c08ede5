//! The framing of `aws-chunked` bodies: `SIZE[;chunk-signature=…]`, data, …, a chunk of size 0, trailers, an empty line.
//!
//! Source: "Signature calculations for the authorization header: transferring payload in multiple chunks" and "…using
//! trailing headers" in the Amazon S3 API reference.

use bytes::{Buf, Bytes};
use types::BodyErrorKind;

#[cfg(test)]
mod tests;

/// The longest line of framing, in bytes: a chunk's header is below 110, a SHA-512 trailer below 130.
const LINE_MAX_BYTES: usize = 1024;
/// The most trailers: one checksum for each algorithm and the signature fit well.
const TRAILERS_MAX: usize = 16;
/// The trailer that signs the others.
pub const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// A chunk's signature: 64 hexadecimal digits, as sent.
pub type ChunkSignature = [u8; 64];

/// Whether chunks bear signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkSigning {
    /// Each must: `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` and its `-TRAILER` form.
    Signed,
    /// None need to: `STREAMING-UNSIGNED-PAYLOAD-TRAILER`.
    Unsigned,
}

/// What the framing tells, in this order for each chunk: `Chunk`, `Data` (any number), `ChunkEnd`; then any number of
/// `Trailer` and one `End`. The last chunk has the size 0 and no data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkEvent {
    /// A chunk begins.
    Chunk {
        /// How many bytes of data it has; 0 for the last.
        size_bytes: u64,
        /// Its signature.
        signature: Option<ChunkSignature>,
    },
    /// Some of its data, sharing the input's memory.
    Data(Bytes),
    /// All of its data has come.
    ChunkEnd,
    /// A trailer: the name in lower case, the value without white space around it.
    Trailer {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// The body is complete.
    End,
}

/// Takes `aws-chunked` framing apart. Pure: it is handed input and tells events; data is never copied.
#[derive(Debug)]
pub struct ChunkDecoder {
    signing: ChunkSigning,
    /// Data still to come, as declared; counted down.
    undelivered_bytes: Option<u64>,
    state: State,
    /// A line of which the end has not come yet.
    line: Vec<u8>,
    trailers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Data { left_bytes: u64 },
    DataEnd,
    LastChunk,
    Trailers,
    Done,
}

impl ChunkDecoder {
    /// A decoder at the beginning of a body of which `decoded_length` is the declared number of data bytes
    /// (`x-amz-decoded-content-length`).
    #[must_use]
    pub fn new(signing: ChunkSigning, decoded_length: Option<u64>) -> Self {
        Self {
            signing,
            undelivered_bytes: decoded_length,
            state: State::Header,
            line: Vec::new(),
            trailers: 0,
        }
    }

    /// Takes what it can from the front of `input` and tells the next event; `None` when all input is used up.
    ///
    /// # Errors
    /// `Malformed` with what is wrong; `Incomplete` where the chunks are less than declared. After an error the decoder is
    /// of no further use.
    pub fn next(&mut self, input: &mut Bytes) -> Result<Option<ChunkEvent>, BodyErrorKind> {
        loop {
            match self.state {
                State::Data { left_bytes: 0 } => self.state = State::DataEnd,
                State::Data { left_bytes } => {
                    if input.is_empty() {
                        return Ok(None);
                    }
                    let take = usize::try_from(left_bytes).unwrap_or(usize::MAX).min(input.len());
                    self.state = State::Data { left_bytes: left_bytes - take as u64 };
                    return Ok(Some(ChunkEvent::Data(input.split_to(take))));
                }
                State::LastChunk => {
                    self.state = State::Trailers;
                    return Ok(Some(ChunkEvent::ChunkEnd));
                }
                State::Done if input.is_empty() => return Ok(None),
                State::Done => return Err(BodyErrorKind::Malformed("bytes follow the last chunk")),
                State::Header | State::DataEnd | State::Trailers => {
                    let Some(line) = self.take_line(input)? else { return Ok(None) };
                    return self.read_line(&line).map(Some);
                }
            }
        }
    }

    /// Whether the whole body has been read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == State::Done
    }

    /// To be asked when the input has ended.
    ///
    /// # Errors
    /// `Incomplete` unless the whole body has been read.
    pub fn finish(&self) -> Result<(), BodyErrorKind> {
        if self.is_complete() { Ok(()) } else { Err(BodyErrorKind::Incomplete) }
    }

    fn read_line(&mut self, line: &[u8]) -> Result<ChunkEvent, BodyErrorKind> {
        match self.state {
            State::DataEnd if line.is_empty() => {
                self.state = State::Header;
                Ok(ChunkEvent::ChunkEnd)
            }
            State::DataEnd => Err(BodyErrorKind::Malformed("a chunk is longer than its header says")),
            State::Trailers => self.read_trailer(line),
            _ => self.read_header(line),
        }
    }

    fn read_header(&mut self, line: &[u8]) -> Result<ChunkEvent, BodyErrorKind> {
        let (size_bytes, signature) = parse_header(line)?;
        if signature.is_none() && self.signing == ChunkSigning::Signed {
            return Err(BodyErrorKind::Malformed("a chunk has no signature"));
        }
        if let Some(undelivered) = &mut self.undelivered_bytes {
            *undelivered = undelivered
                .checked_sub(size_bytes)
                .ok_or(BodyErrorKind::Malformed("the chunks are more than x-amz-decoded-content-length"))?;
            if size_bytes == 0 && *undelivered > 0 {
                return Err(BodyErrorKind::Incomplete);
            }
        }
        self.state = if size_bytes == 0 { State::LastChunk } else { State::Data { left_bytes: size_bytes } };
        Ok(ChunkEvent::Chunk { size_bytes, signature })
    }

    fn read_trailer(&mut self, line: &[u8]) -> Result<ChunkEvent, BodyErrorKind> {
        if line.is_empty() {
            self.state = State::Done;
            return Ok(ChunkEvent::End);
        }
        self.trailers += 1;
        if self.trailers > TRAILERS_MAX {
            return Err(BodyErrorKind::Malformed("there are too many trailers"));
        }
        let line =
            std::str::from_utf8(line).map_err(|_| BodyErrorKind::Malformed("a trailer is not text"))?;
        let (name, value) = line.split_once(':').ok_or(BodyErrorKind::Malformed("a trailer has no colon"))?;
        Ok(ChunkEvent::Trailer { name: name.trim().to_ascii_lowercase(), value: value.trim().to_owned() })
    }

    /// The next line without its end, `\n` or `\r\n`; `None` while its end has not come.
    fn take_line(&mut self, input: &mut Bytes) -> Result<Option<Vec<u8>>, BodyErrorKind> {
        let end = input.iter().take(LINE_MAX_BYTES + 1).position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(input.len());
        if self.line.len() + taken > LINE_MAX_BYTES {
            return Err(BodyErrorKind::Malformed("a line of the chunk framing is too long"));
        }
        self.line.extend_from_slice(&input[..taken]);
        input.advance(end.map_or(taken, |end| end + 1));
        if end.is_none() {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }
}

/// Reads `SIZE` or `SIZE;chunk-signature=HEX`; other extensions are ignored.
fn parse_header(line: &[u8]) -> Result<(u64, Option<ChunkSignature>), BodyErrorKind> {
    let line =
        std::str::from_utf8(line).map_err(|_| BodyErrorKind::Malformed("a chunk header is not text"))?;
    let mut pieces = line.split(';');
    let size = pieces.next().unwrap_or_default().trim();
    if size.is_empty() || size.len() > 16 || !size.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(BodyErrorKind::Malformed("a chunk size is not a hexadecimal number"));
    }
    let size_bytes = u64::from_str_radix(size, 16)
        .map_err(|_| BodyErrorKind::Malformed("a chunk size is not a hexadecimal number"))?;
    let text = pieces.find_map(|piece| piece.trim().strip_prefix("chunk-signature="));
    let signature = text
        .map(|text| ChunkSignature::try_from(text.as_bytes()))
        .transpose()
        .map_err(|_| BodyErrorKind::Malformed("a chunk signature does not have 64 digits"))?;
    Ok((size_bytes, signature))
}
