use s3_model::{ErrorCode, Operation, S3Error};

use crate::fields::Fields;

/// Headers that would change what a request means and that are not implemented, by how their names begin.
const NOT_IMPLEMENTED: [&str; 9] = [
    "x-amz-server-side-encryption",
    "x-amz-copy-source-server-side-encryption",
    "x-amz-object-lock-",
    "x-amz-bucket-object-lock-",
    "x-amz-bucket-namespace",
    "x-amz-write-offset-bytes",
    "x-amz-if-match-",
    "x-amz-object-annotation-directive",
    "x-amz-rename-source",
];

/// Values with which some of them ask for what is done anyway.
const HARMLESS: [(&str, &str); 3] = [
    ("x-amz-server-side-encryption-bucket-key-enabled", "false"),
    ("x-amz-bucket-object-lock-enabled", "false"),
    ("x-amz-bucket-namespace", "global"),
];

/// Refuses headers that must not be ignored, and canned ACLs and grants that a bucket with ACLs disabled refuses.
pub(super) fn check(operation: Operation, fields: Fields<'_>) -> Result<(), S3Error> {
    for (name, value) in fields.amz() {
        let value = value.trim();
        if name.starts_with("x-amz-grant-") {
            return Err(acl_refusal(operation).detail("Header", name));
        }
        if name == "x-amz-acl" {
            canned_acl(operation, value)?;
        }
        if name == "x-amz-object-ownership" && value != "BucketOwnerEnforced" {
            return Err(S3Error::header_not_implemented(name));
        }
        let is_harmless =
            HARMLESS.iter().any(|(known, harmless)| name == *known && value.eq_ignore_ascii_case(harmless));
        if !is_harmless && NOT_IMPLEMENTED.iter().any(|start| name.starts_with(start)) {
            return Err(S3Error::header_not_implemented(name));
        }
    }
    Ok(())
}

/// A canned ACL. Source: "Access control list (ACL) overview".
fn canned_acl(operation: Operation, acl: &str) -> Result<(), S3Error> {
    match acl {
        "" | "private" | "bucket-owner-full-control" => Ok(()),
        // S3 ignores it where a bucket is made.
        "bucket-owner-read" if operation == Operation::CreateBucket => Ok(()),
        "public-read" | "public-read-write" | "aws-exec-read" | "authenticated-read"
        | "bucket-owner-read" | "log-delivery-write" => Err(acl_refusal(operation)),
        unknown => Err(S3Error::invalid_argument("The canned ACL is not one of S3's", "x-amz-acl", unknown)),
    }
}

/// How S3 refuses an ACL where ACLs are disabled.
fn acl_refusal(operation: Operation) -> S3Error {
    match operation {
        Operation::CreateBucket => ErrorCode::InvalidBucketAclWithObjectOwnership.into(),
        _ => ErrorCode::AccessControlListNotSupported.into(),
    }
}
