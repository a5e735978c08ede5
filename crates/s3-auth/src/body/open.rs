use bytes::Bytes;
use http::request::Parts;
use s3_model::{ErrorCode, S3Error};
use s3_wire::chunked::{ChunkDecoder, ChunkSigning};
use types::Body;

use crate::body::{
    AnnouncedTrailer, ChecksumTrailer, ChunkSeed, ChunkSignatures, ChunkedBody, EMPTY_SHA256, HashedBody,
};
use crate::hex;
use crate::names::X_AMZ_DECODED_CONTENT_LENGTH;
use crate::payload::{PayloadForm, TrailerForm};
use crate::request::header;

/// Wraps a body in what its form demands. `seed` is asked for only where chunks are signed; without one they cannot be.
pub(crate) fn open(
    parts: &Parts,
    body: Body,
    form: PayloadForm,
    seed: impl FnOnce() -> Option<ChunkSeed>,
) -> Result<Body, S3Error> {
    match form {
        PayloadForm::Unsigned => Ok(body),
        PayloadForm::Hash(expected) if body.length_bytes() == Some(0) => {
            if hex::decode(EMPTY_SHA256.as_bytes()) == Some(expected) {
                return Ok(body);
            }
            Err(S3Error::new(ErrorCode::XAmzContentSHA256Mismatch)
                .detail("ClientComputedContentSHA256", hex::text(&expected))
                .detail("S3ComputedContentSHA256", EMPTY_SHA256))
        }
        PayloadForm::Hash(expected) => Ok(HashedBody::wrap(body, expected)),
        PayloadForm::Chunked { signing, trailer } => {
            let signatures = match signing {
                ChunkSigning::Unsigned => None,
                ChunkSigning::Signed => Some(ChunkSignatures::new(seed().ok_or_else(no_seed)?)),
            };
            chunked(parts, body, signatures, trailer)
        }
    }
}

fn chunked(
    parts: &Parts,
    body: Body,
    signatures: Option<ChunkSignatures>,
    trailer_form: TrailerForm,
) -> Result<Body, S3Error> {
    let length_bytes = decoded_length(parts)?;
    let announced = match trailer_form {
        TrailerForm::Trailer => AnnouncedTrailer::of(parts)?,
        TrailerForm::None => AnnouncedTrailer::default(),
    };
    let signing = if signatures.is_some() { ChunkSigning::Signed } else { ChunkSigning::Unsigned };
    let chunked = ChunkedBody {
        inner: body,
        decoder: ChunkDecoder::new(signing, Some(length_bytes)),
        signatures,
        trailer_form,
        trailer: ChecksumTrailer::new(announced),
        input: Bytes::new(),
    };
    Ok(chunked.into_body(length_bytes))
}

/// Reads `x-amz-decoded-content-length`, which S3 wants with every `aws-chunked` body.
fn decoded_length(parts: &Parts) -> Result<u64, S3Error> {
    let text = header(parts, X_AMZ_DECODED_CONTENT_LENGTH)
        .ok_or_else(|| S3Error::new(ErrorCode::MissingContentLength))?;
    let length = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    length.and_then(|text| text.parse().ok()).ok_or_else(|| {
        S3Error::invalid_argument(
            "x-amz-decoded-content-length must be a non-negative integer.",
            "x-amz-decoded-content-length",
            text,
        )
    })
}

fn no_seed() -> S3Error {
    S3Error::invalid_request("Signed chunks need a request that is signed with Signature Version 4.")
}
