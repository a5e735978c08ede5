//! Signature Version 4. Source: "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API reference.

mod authorization;
mod check;
mod presigned;

pub(crate) use authorization::parse_authorization;
pub(crate) use check::{Claim, check};
pub(crate) use presigned::parse_presigned;
pub(crate) use sigv4::{
    ALGORITHM, CANONICAL_BYTES, CanonicalParts, Credential, HostForm, PathForm, SigningKey, SigningKeys,
    Text, canonical_request, derive, sha256, string_to_sign, without_default_port,
};

/// How far a request's date may lie from the server's, in seconds. Source: S3's error `RequestTimeTooSkewed`.
pub(crate) const MAX_SKEW_SECONDS: u64 = 15 * 60;
/// The longest life of a presigned URL, in seconds: seven days.
pub(crate) const MAX_EXPIRES_SECONDS: u64 = 7 * 24 * 60 * 60;
