//! Checksums and digests as headers, trailers and XML write them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use s3_model::S3Error;
use types::{Checksum, ChecksumAlgorithm, ChecksumKind};

/// The header and trailer of an algorithm's value.
#[must_use]
pub const fn checksum_header(algorithm: ChecksumAlgorithm) -> &'static str {
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

/// The algorithm whose header or trailer this is, in any letter case.
#[must_use]
pub fn algorithm_of_header(name: &str) -> Option<ChecksumAlgorithm> {
    ChecksumAlgorithm::ALL
        .into_iter()
        .find(|algorithm| checksum_header(*algorithm).eq_ignore_ascii_case(name))
}

/// Reads a checksum trailer; `None` where the name is no checksum's, or the value does not fit its algorithm.
#[must_use]
pub fn checksum_trailer(name: &str, value: &str) -> Option<Checksum> {
    parse_value(algorithm_of_header(name)?, value)
        .filter(|checksum| checksum.kind == ChecksumKind::FullObject)
}

/// Reads `BASE64`, or `BASE64-PARTS` of a composite checksum.
pub(crate) fn parse_value(algorithm: ChecksumAlgorithm, text: &str) -> Option<Checksum> {
    let text = text.trim();
    match text.split_once('-') {
        None => Checksum::full(algorithm, &STANDARD.decode(text).ok()?),
        Some((text, parts)) => {
            Checksum::composite(algorithm, &STANDARD.decode(text).ok()?, parts.parse().ok()?)
        }
    }
}

/// Reads a header's value.
///
/// # Errors
/// `InvalidRequest`, as S3 answers.
pub(crate) fn parse_header(algorithm: ChecksumAlgorithm, text: &str) -> Result<Checksum, S3Error> {
    parse_value(algorithm, text).ok_or_else(|| {
        S3Error::invalid_request(format!("Value for {} header is invalid.", checksum_header(algorithm)))
    })
}

/// The value as it is written.
pub(crate) fn value_text(checksum: &Checksum) -> String {
    let mut text = STANDARD.encode(checksum.value.as_bytes());
    if let Some(parts) = checksum.part_count {
        text.push_str(&format!("-{parts}"));
    }
    text
}

/// Reads `Content-MD5`.
pub(crate) fn parse_md5(text: &str) -> Option<[u8; 16]> {
    STANDARD.decode(text.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_written_and_read() {
        for algorithm in ChecksumAlgorithm::ALL {
            let header = checksum_header(algorithm);
            assert_eq!(header.strip_prefix("x-amz-checksum-").unwrap(), algorithm.name().to_lowercase());
            assert_eq!(algorithm_of_header(&header.to_uppercase()), Some(algorithm));
            let value = vec![0xa5; algorithm.value_len()];
            let full = Checksum::full(algorithm, &value).unwrap();
            assert_eq!(parse_value(algorithm, &value_text(&full)), Some(full));
            let composite = Checksum::composite(algorithm, &value, 17).unwrap();
            assert!(value_text(&composite).ends_with("-17"));
            assert_eq!(parse_value(algorithm, &value_text(&composite)), Some(composite));
            assert_eq!(checksum_trailer(header, &value_text(&full)), Some(full));
            assert_eq!(checksum_trailer(header, &value_text(&composite)), None);
        }
    }

    #[test]
    fn what_does_not_fit_is_none() {
        for text in ["", "AAAA", "AAAAAA", "AAAAAA==-x", "not base64!", "AAAAAA==-"] {
            assert_eq!(parse_value(ChecksumAlgorithm::Crc32, text), None, "{text}");
        }
        assert_eq!(parse_md5("1B2M2Y8AsgTpgAmY7PhCfg==").unwrap()[0], 0xd4);
        assert_eq!(parse_md5("1B2M2Y8AsgTpgAmY7Phf"), None);
        assert_eq!(checksum_trailer("x-amz-meta-a", "AAAAAA=="), None);
    }
}
