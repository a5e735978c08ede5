use s3_model::{ErrorCode, PutObjectInput, S3Error};

use super::{Request, conditions, digests, metadata};
use crate::fields::Fields;

pub(super) fn decode(request: &Request<'_>) -> Result<PutObjectInput, S3Error> {
    refuse_version(request)?;
    let fields = request.fields;
    Ok(PutObjectInput {
        content_length: content_length(fields)?,
        metadata: metadata::decode(fields)?,
        digests: digests::decode(fields)?,
        condition: conditions::write(fields)?,
    })
}

/// Writes make versions, they do not take them.
pub(super) fn refuse_version(request: &Request<'_>) -> Result<(), S3Error> {
    match request.routed.version_id() {
        None => Ok(()),
        Some(version) => Err(S3Error::invalid_argument(
            "This operation does not accept a version-id.",
            "versionId",
            version.as_str(),
        )),
    }
}

/// The declared number of bytes of an object or part, framing not counted.
///
/// # Errors
/// `MissingContentLength` (411) where none is declared.
pub(super) fn content_length(fields: Fields<'_>) -> Result<u64, S3Error> {
    if let Some(length) = fields.number("x-amz-decoded-content-length")? {
        return Ok(length);
    }
    let is_framed = fields.get("x-amz-content-sha256").is_some_and(|hash| hash.starts_with("STREAMING-"));
    let length = if is_framed { None } else { fields.number("content-length")? };
    length.ok_or_else(|| ErrorCode::MissingContentLength.into())
}

#[cfg(test)]
mod tests {
    use s3_model::{Input, WriteCondition};

    use crate::decode::testing::{input_of, refusal};

    use super::*;

    const PUT: (&str, &str) = ("PUT", "/bucket/key");

    #[test]
    fn a_put_is_read_whole() {
        let headers = [
            ("content-length", "5"),
            ("if-none-match", "*"),
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("x-amz-tagging", "a=b"),
            ("x-amz-acl", "private"),
        ];
        let Input::PutObject(input) = input_of(PUT, &headers, "").unwrap() else { panic!("PutObject") };
        assert_eq!(input.content_length, 5);
        assert_eq!(input.condition, WriteCondition::IfAbsent);
        assert_eq!(input.metadata.tags.len(), 1);
        assert_eq!(input.metadata.headers.content_type, None);
    }

    #[test]
    fn the_length_must_be_declared() {
        assert_eq!(refusal(PUT, &[], ""), ErrorCode::MissingContentLength);
        assert_eq!(ErrorCode::MissingContentLength.status(), 411);
        let framed = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
        assert_eq!(refusal(PUT, &[framed, ("content-length", "50")], ""), ErrorCode::MissingContentLength);
        let headers = [framed, ("content-length", "50"), ("x-amz-decoded-content-length", "7")];
        let Input::PutObject(input) = input_of(PUT, &headers, "").unwrap() else { panic!("PutObject") };
        assert_eq!(input.content_length, 7);
        assert_eq!(refusal(PUT, &[("x-amz-decoded-content-length", "-7")], ""), ErrorCode::InvalidArgument);
    }

    #[test]
    fn presigned_parameters_count_as_headers() {
        let uri =
            "/bucket/key?Signature=s&X-Amz-Meta-A=1&x-amz-storage-class=STANDARD_IA&x-amz-acl=public-read";
        let headers = [("content-length", "0")];
        assert_eq!(refusal(("PUT", uri), &headers, ""), ErrorCode::AccessControlListNotSupported);
        let uri = uri.rsplit_once('&').unwrap().0;
        let Input::PutObject(input) = input_of(("PUT", uri), &headers, "").unwrap() else {
            panic!("PutObject")
        };
        assert_eq!(input.metadata.user, [("a".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn what_would_change_the_meaning_is_refused_by_name() {
        for (name, value, code) in [
            ("x-amz-server-side-encryption", "AES256", ErrorCode::NotImplemented),
            ("x-amz-server-side-encryption-customer-key", "k", ErrorCode::NotImplemented),
            ("x-amz-server-side-encryption-aws-kms-key-id", "k", ErrorCode::NotImplemented),
            ("x-amz-object-lock-mode", "GOVERNANCE", ErrorCode::NotImplemented),
            ("x-amz-write-offset-bytes", "3", ErrorCode::NotImplemented),
            ("x-amz-grant-read", "id=x", ErrorCode::AccessControlListNotSupported),
            ("x-amz-acl", "public-read", ErrorCode::AccessControlListNotSupported),
            ("x-amz-acl", "mine", ErrorCode::InvalidArgument),
        ] {
            let error = input_of(PUT, &[("content-length", "0"), (name, value)], "").unwrap_err();
            assert_eq!(error.code, code, "{name}");
            let names_it =
                error.message.contains(name) || error.details.iter().any(|(_, detail)| detail == name);
            assert!(names_it || name == "x-amz-acl", "{error:?}");
        }
        let harmless =
            [("content-length", "0"), ("x-amz-server-side-encryption-bucket-key-enabled", "false")];
        assert!(input_of(PUT, &harmless, "").is_ok());
        assert_eq!(
            refusal(("PUT", "/bucket/key?versionId=x"), &[("content-length", "0")], ""),
            ErrorCode::InvalidArgument
        );
    }
}
