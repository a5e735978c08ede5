//! The refusals of this room, each as S3 words it. Sources: "Error responses" in the Amazon S3 API reference, and what
//! clients report of S3's answers.

use s3_model::{ErrorCode, S3Error};
use types::Timestamp;

use crate::{date, hex};

/// The `Authorization` header is malformed; says how.
pub(crate) fn header_malformed(how: &str) -> S3Error {
    S3Error::with_message(
        ErrorCode::AuthorizationHeaderMalformed,
        format!("The authorization header is malformed; {how}"),
    )
}

/// The parameters of a presigned URL are malformed; says how.
pub(crate) fn query_malformed(how: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    S3Error::with_message(ErrorCode::AuthorizationQueryParametersError, how)
}

/// Access is denied for a reason that may be told.
pub(crate) fn denied(why: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    S3Error::with_message(ErrorCode::AccessDenied, why)
}

/// No such access key.
pub(crate) fn unknown_key(id: &str) -> S3Error {
    S3Error::new(ErrorCode::InvalidAccessKeyId).detail("AWSAccessKeyId", id)
}

/// Session tokens are not issued here.
pub(crate) fn session_token() -> S3Error {
    S3Error::with_message(
        ErrorCode::InvalidToken,
        "The provided token is malformed or otherwise invalid: this server issues no session tokens. Use a long-term \
         access key without a session token (x-amz-security-token).",
    )
}

/// The request's date lies too far from the server's.
pub(crate) fn skewed(request_time: &str, now: Timestamp, max_skew_seconds: u64) -> S3Error {
    S3Error::new(ErrorCode::RequestTimeTooSkewed)
        .detail("RequestTime", request_time)
        .detail("ServerTime", date::extended(now))
        .detail("MaxAllowedSkewMilliseconds", (max_skew_seconds * 1000).to_string())
}

/// More than one way of proving an identity was used at once.
pub(crate) fn two_mechanisms(authorization: &str) -> S3Error {
    S3Error::invalid_argument(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or \
         the Authorization header should be specified",
        "Authorization",
        authorization,
    )
}

/// The `Authorization` header is of no kind that is known.
pub(crate) fn unsupported_authorization(authorization: &str) -> S3Error {
    S3Error::invalid_argument("Unsupported Authorization Type", "Authorization", authorization)
}

/// Signature Version 4A, asymmetric.
pub(crate) fn sigv4a() -> S3Error {
    S3Error::with_message(
        ErrorCode::NotImplemented,
        "Signature Version 4A (AWS4-ECDSA-P256-SHA256) is not implemented. Sign with Signature Version 4 \
         (AWS4-HMAC-SHA256).",
    )
}

/// Signature Version 2, where the settings refuse it.
pub(crate) fn sigv2_off() -> S3Error {
    S3Error::invalid_request(
        "The authorization mechanism you have provided is not supported: this server refuses Signature Version 2. Set the \
         client to Signature Version 4 (AWS4-HMAC-SHA256), in boto3 with Config(signature_version='s3v4'), or set \
         sigv2 = \"on\" on the server.",
    )
}

/// What a signature was computed over, shown so that a user behind a proxy can see what differed.
pub(crate) struct Computed<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) signature: &'a str,
    pub(crate) string_to_sign: &'a [u8],
    /// Signature Version 2 has none.
    pub(crate) canonical_request: Option<&'a [u8]>,
}

/// The signature is not the one that was computed.
pub(crate) fn mismatch(computed: &Computed<'_>) -> S3Error {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let error = S3Error::new(ErrorCode::SignatureDoesNotMatch)
        .detail("AWSAccessKeyId", computed.key_id)
        .detail("StringToSign", text(computed.string_to_sign))
        .detail("SignatureProvided", computed.signature)
        .detail("StringToSignBytes", hex::spaced(computed.string_to_sign));
    match computed.canonical_request {
        Some(canonical) => error
            .detail("CanonicalRequest", text(canonical))
            .detail("CanonicalRequestBytes", hex::spaced(canonical)),
        None => error,
    }
}

/// Headers that must be signed and are not.
pub(crate) fn not_signed(names: &[&str]) -> S3Error {
    denied("There were headers present in the request which were not signed")
        .detail("HeadersNotSigned", names.join(", "))
}

/// A presigned URL whose life is over.
pub(crate) fn expired(life_seconds: Option<u64>, expires: Timestamp, now: Timestamp) -> S3Error {
    let error = denied("Request has expired");
    let error = match life_seconds {
        Some(seconds) => error.detail("X-Amz-Expires", seconds.to_string()),
        None => error,
    };
    error.detail("Expires", date::extended(expires)).detail("ServerTime", date::extended(now))
}

/// A presigned URL whose life has not begun.
pub(crate) fn not_yet_valid(signed_at: Timestamp, expires: Timestamp, now: Timestamp) -> S3Error {
    denied("Request is not yet valid")
        .detail("X-Amz-Date", signed_at.as_millis().to_string())
        .detail("Expires", date::extended(expires))
        .detail("ServerTime", date::extended(now))
}
