use std::borrow::Cow;

use s3_model::S3Error;
use s3_wire::chunked::ChunkSigning;

use crate::hex;

/// What `x-amz-content-sha256` says of the body. Source: "Signature Calculations for the Authorization Header".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadForm {
    /// The body's SHA-256, which must turn out right.
    Hash([u8; 32]),
    /// The body is not covered by the signature.
    Unsigned,
    /// The body is `aws-chunked`.
    Chunked {
        /// Whether each chunk is signed.
        signing: ChunkSigning,
        /// Whether trailers follow the last chunk.
        trailer: TrailerForm,
    },
}

/// Whether trailers follow an `aws-chunked` body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrailerForm {
    /// The name of the form announces them.
    Trailer,
    /// There are none.
    None,
}

/// The body is not covered by the signature.
pub(crate) const UNSIGNED: &str = sigv4::UNSIGNED_PAYLOAD;
pub(crate) const STREAMING_SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
pub(crate) const STREAMING_SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
pub(crate) const STREAMING_UNSIGNED_TRAILER: &str = sigv4::STREAMING_UNSIGNED_TRAILER;

impl PayloadForm {
    /// The form that signs these bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::Hash(crate::v4::sha256(bytes))
    }

    /// The header's value.
    pub(crate) fn text(self) -> Cow<'static, str> {
        match self {
            Self::Hash(hash) => Cow::Owned(hex::text(&hash)),
            Self::Unsigned => Cow::Borrowed(UNSIGNED),
            Self::Chunked { signing: ChunkSigning::Unsigned, .. } => {
                Cow::Borrowed(STREAMING_UNSIGNED_TRAILER)
            }
            Self::Chunked { trailer: TrailerForm::None, .. } => Cow::Borrowed(STREAMING_SIGNED),
            Self::Chunked { trailer: TrailerForm::Trailer, .. } => Cow::Borrowed(STREAMING_SIGNED_TRAILER),
        }
    }

    /// Reads the header's value.
    ///
    /// # Errors
    /// `NotImplemented` for the forms of Signature Version 4A, `InvalidArgument` for what is none.
    pub fn parse(text: &str) -> Result<Self, S3Error> {
        if let Some(hash) = hex::decode(text.as_bytes()) {
            return Ok(Self::Hash(hash));
        }
        let chunked = |signing, trailer| Ok(Self::Chunked { signing, trailer });
        match text {
            UNSIGNED => Ok(Self::Unsigned),
            STREAMING_SIGNED => chunked(ChunkSigning::Signed, TrailerForm::None),
            STREAMING_SIGNED_TRAILER => chunked(ChunkSigning::Signed, TrailerForm::Trailer),
            STREAMING_UNSIGNED_TRAILER => chunked(ChunkSigning::Unsigned, TrailerForm::Trailer),
            other if other.starts_with("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD") => {
                Err(crate::error::sigv4a())
            }
            other => Err(S3Error::invalid_argument(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                 STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
                "x-amz-content-sha256",
                other,
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use s3_model::ErrorCode;

    use super::*;

    #[test]
    fn every_form_is_told_from_the_others() {
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(
            matches!(PayloadForm::parse(hash), Ok(PayloadForm::Hash(bytes)) if hex::text(&bytes) == hash)
        );
        let names = [UNSIGNED, STREAMING_SIGNED, STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED_TRAILER, hash];
        for name in names {
            assert_eq!(PayloadForm::parse(name).unwrap().text(), name);
        }
        let code = |text| PayloadForm::parse(text).unwrap_err().code;
        assert_eq!(code("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"), ErrorCode::NotImplemented);
        assert_eq!(code("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"), ErrorCode::NotImplemented);
        for text in ["", "unsigned-payload", &hash[1..], "STREAMING-UNSIGNED-PAYLOAD"] {
            assert_eq!(code(text), ErrorCode::InvalidArgument, "{text}");
        }
    }
}
