use http::request::Parts;
use s3_model::{BodyChecksum, BodyDigests, ErrorCode, S3Error};
use types::{Checksum, ChecksumAlgorithm};

use crate::Routed;
use crate::checksum::{algorithm_of_header, parse_header, parse_md5};
use crate::fields::Fields;

/// What a request says that its body must turn out to be: `Content-MD5` and checksums, by header or announced as a
/// trailer. Holds for documents as for objects.
///
/// # Errors
/// `InvalidDigest` for a malformed MD5; `InvalidRequest` for malformed, unknown or several checksums.
pub fn body_digests(routed: &Routed, parts: &Parts) -> Result<BodyDigests, S3Error> {
    decode(Fields::new(&parts.headers, routed.query()))
}

const SDK_ALGORITHM: &str = "x-amz-sdk-checksum-algorithm";

pub(super) fn decode(fields: Fields<'_>) -> Result<BodyDigests, S3Error> {
    let content_md5 =
        fields.get("content-md5").map(|text| parse_md5(&text).ok_or(ErrorCode::InvalidDigest)).transpose()?;
    Ok(BodyDigests { content_md5, checksum: checksum(fields)? })
}

fn checksum(fields: Fields<'_>) -> Result<BodyChecksum, S3Error> {
    let value = header_value(fields)?;
    let trailer = announced_trailer(fields)?;
    let found = match (value, trailer) {
        (Some(_), Some(_)) => return Err(several()),
        (Some(value), None) => BodyChecksum::Value(value),
        (None, Some(algorithm)) => BodyChecksum::Trailer(algorithm),
        (None, None) => BodyChecksum::Unnamed,
    };
    match (named(fields, SDK_ALGORITHM)?, found) {
        (Some(_), BodyChecksum::Unnamed) => Err(S3Error::invalid_request(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers \
             were found.",
        )),
        (Some(named), BodyChecksum::Value(Checksum { algorithm, .. }) | BodyChecksum::Trailer(algorithm))
            if named != algorithm =>
        {
            Err(invalid(SDK_ALGORITHM))
        }
        (None, BodyChecksum::Unnamed) => {
            Ok(named(fields, "x-amz-checksum-algorithm")?.map_or(found, BodyChecksum::Compute))
        }
        _ => Ok(found),
    }
}

/// The one checksum that stands in a header.
pub(super) fn header_value(fields: Fields<'_>) -> Result<Option<Checksum>, S3Error> {
    let mut found = None;
    for (name, text) in fields.amz() {
        if !name.starts_with("x-amz-checksum-") {
            continue;
        }
        let Some(algorithm) = algorithm_of_header(&name) else { continue };
        if found.replace(parse_header(algorithm, &text)?).is_some() {
            return Err(several());
        }
    }
    Ok(found)
}

/// The one checksum that `x-amz-trailer` announces.
fn announced_trailer(fields: Fields<'_>) -> Result<Option<ChecksumAlgorithm>, S3Error> {
    let Some(names) = fields.trimmed("x-amz-trailer") else { return Ok(None) };
    let mut found = None;
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let algorithm = algorithm_of_header(name).ok_or_else(|| {
            S3Error::invalid_request("The value specified in the x-amz-trailer header is not supported")
        })?;
        if found.replace(algorithm).is_some() {
            return Err(several());
        }
    }
    Ok(found)
}

/// An algorithm by its name.
pub(super) fn named(fields: Fields<'_>, header: &'static str) -> Result<Option<ChecksumAlgorithm>, S3Error> {
    let Some(name) = fields.trimmed(header) else { return Ok(None) };
    ChecksumAlgorithm::from_name(&name).map(Some).ok_or_else(|| invalid(header))
}

fn invalid(header: &str) -> S3Error {
    S3Error::invalid_request(format!("Value for {header} header is invalid."))
}

fn several() -> S3Error {
    S3Error::invalid_request(
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_fields;

    const CRC: (&str, &str) = ("x-amz-checksum-crc32", "AAAAAA==");

    fn read(headers: &[(&str, &str)]) -> Result<BodyDigests, ErrorCode> {
        with_fields(headers, |fields| decode(fields).map_err(|error| error.code))
    }

    #[test]
    fn each_way_of_naming_a_checksum() {
        let crc = Checksum::full(ChecksumAlgorithm::Crc32, &[0; 4]).unwrap();
        let checksum = |headers: &[(&str, &str)]| read(headers).map(|digests| digests.checksum);
        assert_eq!(checksum(&[]), Ok(BodyChecksum::Unnamed));
        assert_eq!(checksum(&[CRC]), Ok(BodyChecksum::Value(crc)));
        assert_eq!(checksum(&[CRC, (SDK_ALGORITHM, "crc32")]), Ok(BodyChecksum::Value(crc)));
        assert_eq!(
            checksum(&[("x-amz-trailer", "x-amz-checksum-sha256"), (SDK_ALGORITHM, "SHA256")]),
            Ok(BodyChecksum::Trailer(ChecksumAlgorithm::Sha256))
        );
        assert_eq!(
            checksum(&[("x-amz-checksum-algorithm", "XXHASH3")]),
            Ok(BodyChecksum::Compute(ChecksumAlgorithm::XxHash3))
        );
    }

    #[test]
    fn contradictions_and_nonsense_are_refused() {
        for headers in [
            &[CRC, ("x-amz-checksum-crc32c", "AAAAAA==")][..],
            &[CRC, ("x-amz-trailer", "x-amz-checksum-crc32")],
            &[CRC, (SDK_ALGORITHM, "SHA1")],
            &[(SDK_ALGORITHM, "SHA1")],
            &[(SDK_ALGORITHM, "SHA3")],
            &[("x-amz-trailer", "x-amz-checksum-crc32,x-amz-checksum-sha1")],
            &[("x-amz-trailer", "x-foo")],
            &[("x-amz-checksum-crc32", "AAA=")],
            &[("x-amz-checksum-sha1", "AAAAAA==")],
        ] {
            assert_eq!(read(headers), Err(ErrorCode::InvalidRequest), "{headers:?}");
        }
        assert_eq!(read(&[("content-md5", "")]), Err(ErrorCode::InvalidDigest));
        assert_eq!(read(&[("content-md5", "AAAA")]), Err(ErrorCode::InvalidDigest));
        assert!(read(&[("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")]).unwrap().content_md5.is_some());
    }
}
