use s3_model::{ErrorCode, S3Error};
use types::{BucketName, InvalidKey, ObjectKey, VersionId};

use crate::CopySourceName;
use crate::percent::{self, Plus};

const HEADER: &str = "x-amz-copy-source";

/// Reads `x-amz-copy-source`: `bucket/key` percent-encoded, with or without a slash before it, then `?versionId=…`.
///
/// # Errors
/// As S3: `InvalidArgument` where it does not name a bucket and a key, the names' own errors otherwise.
pub(crate) fn parse(header: &str) -> Result<CopySourceName, S3Error> {
    let (path, version) = match header.rsplit_once("?versionId=") {
        Some((path, version)) => (path, Some(version)),
        None => (header, None),
    };
    if path.starts_with("arn:") {
        let message = "A copy source that names an access point is not implemented";
        return Err(S3Error::with_message(ErrorCode::NotImplemented, message).detail("Header", HEADER));
    }
    let decoded = percent::decode(path, Plus::Literal).map_err(|_| must_name_both(header))?;
    let decoded = decoded.strip_prefix('/').unwrap_or(&decoded);
    let (bucket, key) = decoded.split_once('/').ok_or_else(|| must_name_both(header))?;
    let bucket = BucketName::new(bucket)
        .map_err(|_| S3Error::new(ErrorCode::InvalidBucketName).detail("BucketName", bucket))?;
    let key = match ObjectKey::new(key) {
        Ok(key) => key,
        Err(InvalidKey::Empty) => return Err(must_name_both(header)),
        Err(InvalidKey::TooLong) => return Err(ErrorCode::KeyTooLongError.into()),
    };
    let version_id = version.map(|version| version_id(version, "x-amz-copy-source")).transpose()?;
    Ok(CopySourceName { bucket, key, version_id })
}

fn must_name_both(value: &str) -> S3Error {
    S3Error::invalid_argument(
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        HEADER,
        value,
    )
}

/// The longest version id, in bytes. Source: "How S3 Versioning works".
const VERSION_ID_MAX_BYTES: usize = 1024;

/// Reads a version id. No store issues one with spaces, controls or letters beyond US-ASCII.
pub(crate) fn version_id(text: &str, argument: &'static str) -> Result<VersionId, S3Error> {
    if text.is_empty() {
        return Err(S3Error::invalid_argument("Version id cannot be the empty string", argument, ""));
    }
    if text.len() > VERSION_ID_MAX_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(S3Error::invalid_argument("Invalid version id specified", argument, text));
    }
    Ok(VersionId::from_text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_every_form() {
        for (header, key, version) in [
            ("src/key", "key", None),
            ("/src/a%20b+c//d", "a b+c//d", None),
            ("src%2Fkey", "key", None),
            ("src/k?versionId=null", "k", Some("null")),
            ("/src/k%3FversionId=x?versionId=abc", "k?versionId=x", Some("abc")),
            ("src//k", "/k", None),
        ] {
            let source = parse(header).unwrap();
            assert_eq!((source.bucket.as_str(), source.key.as_str()), ("src", key), "{header}");
            assert_eq!(source.version_id.as_ref().map(VersionId::as_str), version);
        }
    }

    #[test]
    fn each_fault_has_its_code() {
        let long = format!("src/{}", "k".repeat(1025));
        for (header, code) in [
            ("", ErrorCode::InvalidArgument),
            ("src", ErrorCode::InvalidArgument),
            ("/src/", ErrorCode::InvalidArgument),
            ("src/%zz", ErrorCode::InvalidArgument),
            ("S/key", ErrorCode::InvalidBucketName),
            ("src/k?versionId=", ErrorCode::InvalidArgument),
            ("src/k?versionId=a b", ErrorCode::InvalidArgument),
            ("arn:aws:s3:us-west-2:1:accesspoint/x/object/k", ErrorCode::NotImplemented),
            (&long, ErrorCode::KeyTooLongError),
        ] {
            assert_eq!(parse(header).unwrap_err().code, code, "{header}");
        }
    }
}
