use bytes::{Buf, Bytes};
use s3_model::{ErrorCode, S3Error};
use types::BodyErrorKind;

use super::FormFields;

/// The most that may stand before the file's bytes, in bytes: fields, headers of parts and boundaries. S3's own limit.
pub const FIELDS_MAX_BYTES: usize = 20 * 1024;
/// The longest boundary, in bytes. Source: RFC 2046, section 5.1.1.
const BOUNDARY_MAX_BYTES: usize = 70;

/// What a form tells: `File` once, then `Data` any number of times, then `End`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormEvent {
    /// The fields have been read; the file's bytes follow.
    File(FormFields),
    /// Some of the file's bytes, sharing the input's memory but for what is shorter than a boundary.
    Data(Bytes),
    /// The file is complete. What follows it is not looked at.
    End,
}

/// Takes a form apart. Pure: it is handed input and tells events; the file's bytes are not copied.
#[derive(Debug)]
pub struct FormReader {
    /// `\r\n--BOUNDARY`: a carriage return stands nowhere in it but at its beginning.
    delimiter: Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    Fields(Fields),
    File {
        /// Bytes of the file that came with the last of the fields.
        left: Bytes,
        /// How many bytes at the end of the input so far may be the beginning of the delimiter.
        matched: usize,
    },
    Done,
}

#[derive(Debug, Default)]
struct Fields {
    /// All input so far.
    buffer: Vec<u8>,
    /// Where the next part begins; 0 before the first boundary.
    position: usize,
    found: FormFields,
}

impl FormReader {
    /// A reader for a body of this `Content-Type`.
    ///
    /// # Errors
    /// `PreconditionFailed`, as S3 answers, where it is no `multipart/form-data`; `MalformedPOSTRequest` without a boundary.
    pub fn new(content_type: Option<&str>) -> Result<Self, S3Error> {
        let (kind, parameters) = content_type.unwrap_or_default().split_once(';').unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            let condition = "Bucket POST must be of the enclosure-type multipart/form-data";
            return Err(S3Error::new(ErrorCode::PreconditionFailed).detail("Condition", condition));
        }
        let boundary = parameter(parameters, "boundary").filter(|boundary| {
            (1..=BOUNDARY_MAX_BYTES).contains(&boundary.len()) && !boundary.contains(['\r', '\n'])
        });
        let boundary = boundary.ok_or(ErrorCode::MalformedPOSTRequest)?;
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        // The first boundary has no line before it.
        let fields = Fields { buffer: b"\r\n".to_vec(), ..Fields::default() };
        Ok(Self { delimiter, state: State::Fields(fields) })
    }

    /// Takes what it can from the front of `input` and tells the next event; `None` when all input is used up.
    ///
    /// # Errors
    /// `MaxPostPreDataLengthExceededError`, `MalformedPOSTRequest`, `IncorrectNumberOfFilesInPostRequest` before the file.
    pub fn next(&mut self, input: &mut Bytes) -> Result<Option<FormEvent>, S3Error> {
        match &mut self.state {
            State::Fields(fields) => {
                let Some(left) = fields.read(input, &self.delimiter)? else { return Ok(None) };
                let found = std::mem::take(&mut fields.found);
                self.state = State::File { left, matched: 0 };
                Ok(Some(FormEvent::File(found)))
            }
            State::File { left, matched } => {
                let mut event = read_file(left, matched, &self.delimiter);
                if event.is_none() {
                    event = read_file(input, matched, &self.delimiter);
                }
                if event == Some(FormEvent::End) {
                    self.state = State::Done;
                }
                Ok(event)
            }
            State::Done => {
                input.clear();
                Ok(None)
            }
        }
    }

    /// To be asked when the input has ended.
    ///
    /// # Errors
    /// `Incomplete` unless the file is complete.
    pub fn finish(&self) -> Result<(), BodyErrorKind> {
        if matches!(self.state, State::Done) { Ok(()) } else { Err(BodyErrorKind::Incomplete) }
    }
}

/// The next piece of the file, at the front of `source`; `None` when it is used up.
fn read_file(source: &mut Bytes, matched: &mut usize, delimiter: &[u8]) -> Option<FormEvent> {
    if *matched > 0 {
        let wanted = &delimiter[*matched..];
        let same = wanted.iter().zip(source.iter()).take_while(|(a, b)| a == b).count();
        if same < wanted.len() && same < source.len() {
            // What looked like a delimiter was data. None can begin inside it, for it holds one carriage return.
            let data = Bytes::copy_from_slice(&delimiter[..*matched]);
            *matched = 0;
            return Some(FormEvent::Data(data));
        }
        *matched += same;
        source.advance(same);
        return (*matched == delimiter.len()).then_some(FormEvent::End);
    }
    if source.is_empty() {
        return None;
    }
    let mut start = 0;
    while let Some(place) = source[start..].iter().position(|byte| *byte == b'\r').map(|place| start + place)
    {
        let same = delimiter.iter().zip(&source[place..]).take_while(|(a, b)| a == b).count();
        if same == delimiter.len() || place + same == source.len() {
            let data = source.split_to(place);
            source.advance(same);
            *matched = same;
            if data.is_empty() {
                return (same == delimiter.len()).then_some(FormEvent::End);
            }
            return Some(FormEvent::Data(data));
        }
        start = place + 1;
    }
    Some(FormEvent::Data(source.split_to(source.len())))
}

impl Fields {
    /// Reads on until the file begins; then gives back what is left of the input that was taken.
    fn read(&mut self, input: &mut Bytes, delimiter: &[u8]) -> Result<Option<Bytes>, S3Error> {
        let room = (FIELDS_MAX_BYTES + 1).saturating_sub(self.buffer.len());
        let taken = input.split_to(room.min(input.len()));
        self.buffer.extend_from_slice(&taken);
        loop {
            match self.read_part(delimiter)? {
                Part::Field => {}
                Part::File(at) => {
                    let mut buffer = Bytes::from(std::mem::take(&mut self.buffer));
                    buffer.advance(at);
                    return Ok(Some(buffer));
                }
                Part::Unfinished if self.buffer.len() > FIELDS_MAX_BYTES => {
                    return Err(ErrorCode::MaxPostPreDataLengthExceededError.into());
                }
                Part::Unfinished => return Ok(None),
            }
        }
    }

    /// Reads one part from `position`, which is behind a boundary but for the very first.
    fn read_part(&mut self, delimiter: &[u8]) -> Result<Part, S3Error> {
        if self.position == 0 {
            // Whatever stands before the first boundary is not looked at.
            let Some(place) = self.find(0, delimiter) else { return Ok(Part::Unfinished) };
            self.position = place + delimiter.len();
        }
        let Some(rest) = self.buffer.get(self.position..self.position + 2) else {
            return Ok(Part::Unfinished);
        };
        if rest == b"--" {
            return Err(ErrorCode::IncorrectNumberOfFilesInPostRequest.into());
        }
        if rest != b"\r\n" {
            return Err(ErrorCode::MalformedPOSTRequest.into());
        }
        let Some(head_end) = self.find(self.position, b"\r\n\r\n") else { return Ok(Part::Unfinished) };
        let head = text(&self.buffer[self.position..head_end])?;
        let disposition = disposition(head).ok_or(ErrorCode::MalformedPOSTRequest)?;
        let name = parameter(disposition, "name").ok_or(ErrorCode::MalformedPOSTRequest)?;
        let value_start = head_end + 4;
        if name.eq_ignore_ascii_case("file") {
            self.found.filename = parameter(disposition, "filename");
            return Ok(Part::File(value_start));
        }
        // An empty value's end shares its line break with the head's.
        let Some(value_end) = self.find(value_start - 2, delimiter) else { return Ok(Part::Unfinished) };
        let value = text(self.buffer.get(value_start..value_end).unwrap_or_default())?.to_owned();
        self.found.pairs.push((name, value));
        self.position = value_end + delimiter.len();
        Ok(Part::Field)
    }

    /// The first place of `pattern` at or behind `from`.
    fn find(&self, from: usize, pattern: &[u8]) -> Option<usize> {
        self.buffer[from..]
            .windows(pattern.len())
            .position(|window| window == pattern)
            .map(|place| from + place)
    }
}

enum Part {
    Field,
    /// The file's bytes begin here.
    File(usize),
    Unfinished,
}

fn text(bytes: &[u8]) -> Result<&str, S3Error> {
    std::str::from_utf8(bytes).map_err(|_| ErrorCode::MalformedPOSTRequest.into())
}

/// The parameters of a part's `Content-Disposition`.
fn disposition(head: &str) -> Option<&str> {
    head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let (kind, parameters) = value.split_once(';')?;
        let fits = name.trim().eq_ignore_ascii_case("content-disposition")
            && kind.trim().eq_ignore_ascii_case("form-data");
        fits.then_some(parameters)
    })
}

/// A parameter's value, quoted or bare. Inside quotes a backslash escapes a quote only, as browsers send paths unescaped.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (name, behind) = rest.split_once('=')?;
        let (value, next) = match behind.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let is_end = |(place, _): &(usize, &str)| !quoted[..*place].ends_with('\\');
                let (end, _) = quoted.match_indices('"').find(is_end)?;
                (quoted[..end].replace("\\\"", "\""), &quoted[end + 1..])
            }
            None => {
                let end = behind.find(';').unwrap_or(behind.len());
                (behind[..end].trim().to_owned(), &behind[end..])
            }
        };
        if name.trim_start_matches([';', ' ', '\t']).trim_end().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = next;
    }
}
