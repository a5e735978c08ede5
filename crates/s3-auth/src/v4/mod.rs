//! Signature Version 4. Source: "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API reference.

mod authorization;
mod canonical;
mod check;
mod credential;
mod presigned;
mod signing_key;

pub(crate) use authorization::parse_authorization;
pub(crate) use canonical::{CanonicalParts, HostForm, PathForm, canonical_request, sha256, string_to_sign};
pub(crate) use check::{Claim, check};
pub(crate) use credential::Credential;
pub(crate) use presigned::parse_presigned;
pub(crate) use signing_key::{SigningKey, SigningKeys, derive};

/// The name of the algorithm, which begins the header and the string to sign.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What ends a credential scope.
pub(crate) const TERMINATOR: &str = "aws4_request";
/// How far a request's date may lie from the server's, in seconds. Source: S3's error `RequestTimeTooSkewed`.
pub(crate) const MAX_SKEW_SECONDS: u64 = 15 * 60;
/// The longest life of a presigned URL, in seconds: seven days.
pub(crate) const MAX_EXPIRES_SECONDS: u64 = 7 * 24 * 60 * 60;

/// A text that is built to be hashed.
pub(crate) type Text = Vec<u8>;
/// Room for the canonical request of most requests, in bytes, so that it is allocated once.
pub(crate) const CANONICAL_BYTES: usize = 1024;
/// Room for a string to sign, in bytes.
pub(crate) const STRING_TO_SIGN_BYTES: usize = 256;
