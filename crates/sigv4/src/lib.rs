//! Signature Version 4: canonical requests, signing keys, signatures in headers and in presigned URLs.
//! Source: "Authenticating Requests (AWS Signature Version 4)" in the Amazon S3 API reference.
//!
//! Knows: how a request's head becomes a text to sign, how keys are derived and kept, how a signature is written.
//! Does not know: who may do what, S3's errors, bodies, sockets, where credentials come from.

mod canonical;
mod credential;
mod date;
pub mod encode;
pub mod hex;
mod secret;
mod signer;
mod signing_key;
pub mod split;

pub use canonical::{
    CanonicalParts, HostForm, PathForm, canonical_request, sha256, string_to_sign, without_default_port,
};
pub use credential::{Credential, CredentialProblem};
pub use date::basic_date;
pub use secret::Secret;
pub use signer::{Signature, Signer, host, with_parameters};
pub use signing_key::{SigningKey, SigningKeys, derive};

/// The name of the algorithm, which begins the header and the string to sign.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What ends a credential scope.
pub const TERMINATOR: &str = "aws4_request";
/// In place of the payload's hash: the body is not covered by the signature.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// In place of the payload's hash: the body is `aws-chunked`, its chunks are not signed, and a trailer follows them.
pub const STREAMING_UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// A text that is built to be hashed.
pub type Text = Vec<u8>;
/// Room for the canonical request of most requests, in bytes, so that it is allocated once.
pub const CANONICAL_BYTES: usize = 1024;
/// Room for a string to sign, in bytes.
const STRING_TO_SIGN_BYTES: usize = 256;
