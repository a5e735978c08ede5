//! Checksums as headers, trailers and documents write them. Source: "Checking object integrity in Amazon S3".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use types::{Checksum, ChecksumAlgorithm, ChecksumKind};

use crate::xml::Element;

/// The header and trailer of an algorithm's value.
pub(crate) const fn header(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Crc32 => "x-amz-checksum-crc32",
        ChecksumAlgorithm::Crc32c => "x-amz-checksum-crc32c",
        ChecksumAlgorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
        ChecksumAlgorithm::Sha1 => "x-amz-checksum-sha1",
        ChecksumAlgorithm::Sha256 => "x-amz-checksum-sha256",
        ChecksumAlgorithm::Sha512 => "x-amz-checksum-sha512",
        ChecksumAlgorithm::Md5 => "x-amz-checksum-md5",
        ChecksumAlgorithm::XxHash64 => "x-amz-checksum-xxhash64",
        ChecksumAlgorithm::XxHash3 => "x-amz-checksum-xxhash3",
        ChecksumAlgorithm::XxHash128 => "x-amz-checksum-xxhash128",
    }
}

/// The element of an algorithm's value.
pub(crate) const fn element(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Crc32 => "ChecksumCRC32",
        ChecksumAlgorithm::Crc32c => "ChecksumCRC32C",
        ChecksumAlgorithm::Crc64Nvme => "ChecksumCRC64NVME",
        ChecksumAlgorithm::Sha1 => "ChecksumSHA1",
        ChecksumAlgorithm::Sha256 => "ChecksumSHA256",
        ChecksumAlgorithm::Sha512 => "ChecksumSHA512",
        ChecksumAlgorithm::Md5 => "ChecksumMD5",
        ChecksumAlgorithm::XxHash64 => "ChecksumXXHASH64",
        ChecksumAlgorithm::XxHash3 => "ChecksumXXHASH3",
        ChecksumAlgorithm::XxHash128 => "ChecksumXXHASH128",
    }
}

/// Writes a value: base64, and `-PARTS` behind that of a composite one.
pub(crate) fn text(checksum: &Checksum) -> String {
    let value = STANDARD.encode(checksum.value.as_bytes());
    match checksum.part_count {
        Some(parts) => format!("{value}-{parts}"),
        None => value,
    }
}

/// Reads a value; `None` where it does not fit the algorithm.
pub(crate) fn parse(algorithm: ChecksumAlgorithm, text: &str) -> Option<Checksum> {
    let text = text.trim();
    match text.split_once('-') {
        None => Checksum::full(algorithm, &STANDARD.decode(text).ok()?),
        Some((value, parts)) => {
            Checksum::composite(algorithm, &STANDARD.decode(value).ok()?, parts.parse().ok()?)
        }
    }
}

/// The checksum that an answer's headers bear.
pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Checksum> {
    ChecksumAlgorithm::ALL.into_iter().find_map(|algorithm| {
        let value = headers.get(header(algorithm))?;
        parse(algorithm, value.to_str().ok()?)
    })
}

/// The checksum that an element's children bear.
pub(crate) fn of_element(parent: &Element) -> Option<Checksum> {
    ChecksumAlgorithm::ALL.into_iter().find_map(|algorithm| parse(algorithm, parent.get(element(algorithm))?))
}

/// Algorithm and kind as listings name them. Where the kind is not told it follows from the algorithm as S3 chose it before
/// it told.
pub(crate) fn named(parent: &Element) -> Option<(ChecksumAlgorithm, ChecksumKind)> {
    let algorithm = ChecksumAlgorithm::from_name(parent.get("ChecksumAlgorithm")?.trim())?;
    let kind = match parent.get("ChecksumType").map(str::trim) {
        Some(name) if name == ChecksumKind::Composite.name() => ChecksumKind::Composite,
        Some(_) => ChecksumKind::FullObject,
        None if algorithm == ChecksumAlgorithm::Crc64Nvme => ChecksumKind::FullObject,
        None => ChecksumKind::Composite,
    };
    Some((algorithm, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_read_as_it_is_written() {
        for algorithm in ChecksumAlgorithm::ALL {
            let value = vec![7; algorithm.value_len()];
            let full = Checksum::full(algorithm, &value).unwrap();
            assert_eq!(parse(algorithm, &text(&full)), Some(full));
            let composite = Checksum::composite(algorithm, &value, 12).unwrap();
            assert_eq!(parse(algorithm, &text(&composite)), Some(composite));
            assert_eq!(parse(algorithm, "AAA="), None);
            assert!(header(algorithm).ends_with(&algorithm.name().to_ascii_lowercase()));
            assert!(element(algorithm).ends_with(algorithm.name()));
        }
    }
}
