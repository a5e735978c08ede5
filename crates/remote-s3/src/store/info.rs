use http::header::{CONTENT_LENGTH, CONTENT_RANGE, LAST_MODIFIED};
use http::{HeaderMap, StatusCode};
use remote::{RemoteError, RemoteErrorKind};
use store::{ObjectInfo, PartSpan};
use types::{ByteRange, ETag};

use crate::{checksum, date, headers};

/// What an answer about an object says, and which bytes of it are behind it.
#[derive(Debug)]
pub(super) struct Described {
    /// The object, without its tags.
    pub(super) info: ObjectInfo,
    /// The bytes that the answer's body has, or would have.
    pub(super) range: ByteRange,
    /// How many tags there are, where that is told.
    pub(super) tag_count: usize,
}

fn malformed(how: &'static str) -> RemoteError {
    RemoteErrorKind::Malformed(how).into()
}

/// Reads the head of an answer to GET or HEAD of an object, or of the part of it that was asked for.
pub(super) fn describe(
    status: StatusCode,
    answer: &HeaderMap,
    part_number: Option<u32>,
) -> Result<Described, RemoteError> {
    let length: Option<u64> =
        headers::text(answer, CONTENT_LENGTH.as_str()).and_then(|text| text.parse().ok());
    let (range, size_bytes) = match headers::text(answer, CONTENT_RANGE.as_str()) {
        Some(text) if status == StatusCode::PARTIAL_CONTENT => {
            content_range(text).ok_or_else(|| malformed("its Content-Range is none"))?
        }
        _ if status == StatusCode::PARTIAL_CONTENT => {
            return Err(malformed("it is partial and does not say of what"));
        }
        _ => {
            let size = length.ok_or_else(|| malformed("it has no Content-Length"))?;
            (ByteRange::whole(size), size)
        }
    };
    let etag = headers::etag(answer).ok_or_else(|| malformed("it has no ETag"))?;
    let told = checksum::of_headers(answer);
    let part_count = part_count(&etag);
    let part = part_number.map(|number| PartSpan { number, range, checksum: told });
    let is_whole = range == ByteRange::whole(size_bytes);
    let info = ObjectInfo {
        etag,
        size_bytes,
        modified_at: headers::text(answer, LAST_MODIFIED.as_str())
            .and_then(date::of_header)
            .unwrap_or_default(),
        version_id: headers::version_id(answer),
        metadata: headers::read_metadata(answer),
        checksum: told.filter(|_| is_whole && (part.is_none() || part_count.is_none())),
        part_count,
        part,
    };
    let tag_count = headers::text(answer, "x-amz-tagging-count").and_then(|text| text.parse().ok());
    Ok(Described { info, range, tag_count: tag_count.unwrap_or_default() })
}

/// How many parts a tag tells: S3 does not say it otherwise.
fn part_count(etag: &ETag) -> Option<u32> {
    let (digest, parts) = etag.as_str().rsplit_once('-')?;
    let is_digest = digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.parse().ok().filter(|parts| is_digest && (1..=10_000).contains(parts))
}

/// Reads `bytes FIRST-LAST/SIZE`.
fn content_range(text: &str) -> Option<(ByteRange, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size): (u64, u64, u64) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then_some((ByteRange { start: first, end: last + 1 }, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_answers_are_read_strictly() {
        assert_eq!(content_range("bytes 2-4/10"), Some((ByteRange { start: 2, end: 5 }, 10)));
        for text in ["bytes 2-4/*", "bytes 5-4/10", "bytes 0-10/10", "2-4/10", "bytes */10", "bytes -1-4/10"]
        {
            assert_eq!(content_range(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_digest_with_a_number_tells_parts() {
        let of = |text| part_count(&ETag::from_text(text));
        assert_eq!(of("0123456789abcdef0123456789abcdef-7"), Some(7));
        for text in ["0123456789abcdef0123456789abcdef", "x-7", "0123456789abcdef0123456789abcdef-0", "a-b"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
