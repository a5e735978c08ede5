use bytes::Bytes;
use hash::Ingest;
use http::request::Parts;
use s3_model::{BodyChecksum, BodyDigests, ErrorCode, Operation, S3Error};
use s3_wire::Routed;
use types::{Body, BodyErrorKind, ExpectedChecksum, ExpectedDigests};

/// Reads a whole document of at most `max_bytes`, and verifies the digests that the request declares of it.
///
/// # Errors
/// `MaxMessageLengthExceeded` beyond that; else what S3 answers to a body that fails.
pub(super) async fn read_document(
    routed: &Routed,
    parts: &Parts,
    body: Body,
    max_bytes: usize,
) -> Result<Bytes, S3Error> {
    if body.length_bytes().is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large(max_bytes));
    }
    let expected = expected(routed.operation(), s3_wire::body_digests(routed, parts)?);
    let body = if expected == ExpectedDigests::default() { body } else { Ingest::wrap(body, expected).0 };
    body.collect(max_bytes).await.map_err(|error| match error.kind {
        BodyErrorKind::TooLarge { .. } => too_large(max_bytes),
        kind => service::body_error(&kind),
    })
}

/// What the document must turn out to be. The checksum of CompleteMultipartUpload is that of the object.
fn expected(operation: Operation, digests: BodyDigests) -> ExpectedDigests {
    let checksum = match digests.checksum {
        _ if operation == Operation::CompleteMultipartUpload => ExpectedChecksum::Default,
        BodyChecksum::Value(checksum) => ExpectedChecksum::Value(checksum),
        BodyChecksum::Trailer(algorithm) => ExpectedChecksum::Trailer(algorithm),
        BodyChecksum::Unnamed | BodyChecksum::Compute(_) => ExpectedChecksum::Default,
    };
    ExpectedDigests { content_md5: digests.content_md5, checksum }
}

fn too_large(max_bytes: usize) -> S3Error {
    S3Error::new(ErrorCode::MaxMessageLengthExceeded).detail("MaxMessageLengthBytes", max_bytes.to_string())
}
