use bytes::{Buf, Bytes, BytesMut};

/// The longest line of a chunk's size with its extensions, and of a trailer, in bytes.
const LINE_MAX_BYTES: usize = 4096;
/// The most bytes of trailers.
const TRAILERS_MAX_BYTES: usize = 16 * 1024;

/// Takes chunked coding apart, incrementally and without a copy. Source: RFC 9112, section 7.1.
#[derive(Debug)]
pub(super) struct Chunks {
    state: State,
    trailers_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Data(u64),
    DataEnd,
    Trailers,
    Done,
}

/// What was taken off the front of what was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes of the body, never empty.
    Data(Bytes),
    /// More must be read.
    Hungry,
    /// The body has ended.
    End,
}

/// The coding is broken; how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken(pub(super) &'static str);

impl Chunks {
    pub(super) fn new() -> Self {
        Self { state: State::Size, trailers_bytes: 0 }
    }

    /// Takes the next piece.
    pub(super) fn next(&mut self, buffer: &mut BytesMut) -> Result<Piece, Broken> {
        loop {
            match self.state {
                State::Done => return Ok(Piece::End),
                State::Data(0) => self.state = State::DataEnd,
                State::Data(_) if buffer.is_empty() => return Ok(Piece::Hungry),
                State::Data(left) => {
                    let count = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    self.state = State::Data(left - count as u64);
                    return Ok(Piece::Data(buffer.split_to(count).freeze()));
                }
                State::Size | State::DataEnd | State::Trailers => match line(buffer)? {
                    None => return Ok(Piece::Hungry),
                    Some(line) => self.state = self.behind(&line)?,
                },
            }
        }
    }

    /// The state behind a line.
    fn behind(&mut self, line: &[u8]) -> Result<State, Broken> {
        match self.state {
            State::Size => Ok(match size(line)? {
                0 => State::Trailers,
                size => State::Data(size),
            }),
            State::DataEnd if line.is_empty() => Ok(State::Size),
            State::DataEnd => Err(Broken("a chunk is longer than its size")),
            State::Trailers if line.is_empty() => Ok(State::Done),
            State::Trailers => {
                self.trailers_bytes += line.len();
                let few = self.trailers_bytes <= TRAILERS_MAX_BYTES;
                if few { Ok(State::Trailers) } else { Err(Broken("too many trailers")) }
            }
            state @ (State::Data(_) | State::Done) => Ok(state),
        }
    }
}

/// A line without its end; `None` while it is not whole.
fn line(buffer: &mut BytesMut) -> Result<Option<BytesMut>, Broken> {
    let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else {
        return if buffer.len() < LINE_MAX_BYTES { Ok(None) } else { Err(Broken("an overlong line")) };
    };
    if end > LINE_MAX_BYTES {
        return Err(Broken("an overlong line"));
    }
    let mut line = buffer.split_to(end);
    buffer.advance(1);
    if line.last() != Some(&b'\r') {
        return Err(Broken("a line without CR"));
    }
    line.truncate(line.len() - 1);
    Ok(Some(line))
}

fn size(line: &[u8]) -> Result<u64, Broken> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let hexadecimal = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| hexadecimal);
    text.and_then(|text| u64::from_str_radix(text, 16).ok()).ok_or(Broken("the size of a chunk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that comes out when the coding arrives in pieces of `step` bytes.
    fn decode(coded: &[u8], step: usize) -> Result<(Vec<u8>, bool), Broken> {
        let (mut chunks, mut buffer, mut body) = (Chunks::new(), BytesMut::new(), Vec::new());
        for piece in coded.chunks(step) {
            buffer.extend_from_slice(piece);
            loop {
                match chunks.next(&mut buffer)? {
                    Piece::Data(data) => body.extend_from_slice(&data),
                    Piece::Hungry => break,
                    Piece::End => return Ok((body, true)),
                }
            }
        }
        Ok((body, false))
    }

    #[test]
    fn pieces_of_any_size_give_the_same_body() {
        let coded = b"5;name=value\r\nhello\r\n00A\r\n, world!!!\r\n0\r\nX-Trailer: 1\r\n\r\n";
        for step in 1..=coded.len() {
            assert_eq!(decode(coded, step), Ok((b"hello, world!!!".to_vec(), true)), "{step}");
        }
    }

    #[test]
    fn a_body_without_its_last_chunk_has_not_ended() {
        assert_eq!(decode(b"5\r\nhello\r\n", 3), Ok((b"hello".to_vec(), false)));
        assert_eq!(decode(b"5\r\nhello\r\n0\r\n", 3), Ok((b"hello".to_vec(), false)));
    }

    #[test]
    fn broken_codings_are_refused() {
        for coded in
            [&b"x\r\n"[..], b"\r\n", b"-1\r\n", b"5\nhello\r\n", b"5\r\nhello!\r\n", b"10000000000000000\r\n"]
        {
            assert!(decode(coded, 64).is_err(), "{coded:?}");
        }
        let long = [b"5;".as_slice(), &[b'a'; LINE_MAX_BYTES]].concat();
        assert!(decode(&long, 64).is_err());
        let trailers = [b"0\r\n".as_slice(), &b"a: b\r\n".repeat(TRAILERS_MAX_BYTES / 4 + 1)].concat();
        assert!(decode(&trailers, 64).is_err());
    }
}
