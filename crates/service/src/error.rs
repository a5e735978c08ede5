use std::error::Error;

use s3_model::{ErrorCode, ErrorHeader, Operation, S3Error};
use store::{Missing, PartProblem, StoreError, StoreErrorKind};
use types::{BodyError, BodyErrorKind, ChecksumAlgorithm, Context};

use crate::limits::{PART_MIN_BYTES, RETRY_AFTER_SECS};
use crate::subject::Subject;
use crate::{capability, conditions};

/// The one map from what a store says to what S3 answers.
pub(crate) fn to_s3(subject: &Subject<'_>, kind: StoreErrorKind) -> S3Error {
    match kind {
        StoreErrorKind::Missing(what) => missing(subject, what),
        StoreErrorKind::DeleteMarker { version_id, named: false, .. } => missing(subject, Missing::Key)
            .header(ErrorHeader::DeleteMarker)
            .header(ErrorHeader::VersionId(version_id)),
        StoreErrorKind::DeleteMarker { version_id, named: true, modified_at } => {
            S3Error::new(ErrorCode::MethodNotAllowed)
                .detail("Method", subject.operation.row().method.as_str())
                .detail("ResourceType", "DeleteMarker")
                .header(ErrorHeader::Allow("DELETE"))
                .header(ErrorHeader::DeleteMarker)
                .header(ErrorHeader::VersionId(version_id))
                .header(ErrorHeader::LastModified(modified_at))
        }
        StoreErrorKind::BucketExists => named(subject, ErrorCode::BucketAlreadyExists),
        StoreErrorKind::BucketNotEmpty => named(subject, ErrorCode::BucketNotEmpty),
        StoreErrorKind::ConditionFailed => {
            conditions::failed(subject.condition.map_or("If-Match", conditions::Condition::header))
        }
        StoreErrorKind::Conflict => conflict(subject),
        StoreErrorKind::Part(problem) => part(subject, problem),
        StoreErrorKind::DigestMismatch(algorithm) => digest_mismatch(algorithm),
        StoreErrorKind::TrailerMissing(algorithm) => trailer_missing(algorithm),
        StoreErrorKind::Denied => S3Error::with_message(
            ErrorCode::AccessDenied,
            "The account that this store uses is not allowed to do this.",
        ),
        StoreErrorKind::Forbidden(reason) => S3Error::with_message(ErrorCode::AccessDenied, reason),
        StoreErrorKind::Unsupported(reason) => capability::not_implemented(reason),
        StoreErrorKind::Body(error) => body_error(&error.kind),
        StoreErrorKind::Full(what) => {
            let text = format!("There is no room left to store the data: {what}");
            S3Error::with_message(ErrorCode::InsufficientStorage, text)
        }
        StoreErrorKind::Unavailable => unavailable(),
        StoreErrorKind::Corrupt | StoreErrorKind::Internal => ErrorCode::InternalError.into(),
    }
}

/// What S3 answers to a body that failed on its way in.
#[must_use]
pub fn body_error(kind: &BodyErrorKind) -> S3Error {
    match kind {
        BodyErrorKind::Incomplete => ErrorCode::IncompleteBody.into(),
        BodyErrorKind::TimedOut => ErrorCode::RequestTimeout.into(),
        BodyErrorKind::TooLarge { max_bytes } => {
            S3Error::new(ErrorCode::EntityTooLarge).detail("MaxSizeAllowed", max_bytes.to_string())
        }
        BodyErrorKind::TooSmall { min_bytes } => {
            S3Error::new(ErrorCode::EntityTooSmall).detail("MinSizeAllowed", min_bytes.to_string())
        }
        BodyErrorKind::Malformed(how) => {
            S3Error::invalid_request(format!("The request body is malformed: {how}"))
        }
        BodyErrorKind::MalformedTrailer(how) => S3Error::with_message(
            ErrorCode::MalformedTrailerError,
            format!("The request contained trailing data that was not well-formed: {how}"),
        ),
        BodyErrorKind::SignatureMismatch => ErrorCode::SignatureDoesNotMatch.into(),
        BodyErrorKind::PayloadHashMismatch => ErrorCode::XAmzContentSHA256Mismatch.into(),
        BodyErrorKind::DigestMismatch(algorithm) => digest_mismatch(*algorithm),
        BodyErrorKind::TrailerMissing(algorithm) => trailer_missing(*algorithm),
        BodyErrorKind::Storage | BodyErrorKind::Corrupt => ErrorCode::InternalError.into(),
    }
}

fn missing(subject: &Subject<'_>, what: Missing) -> S3Error {
    match what {
        Missing::Bucket => named(subject, ErrorCode::NoSuchBucket),
        Missing::Key => with_key(subject, ErrorCode::NoSuchKey.into()),
        Missing::Version => {
            let error = with_key(subject, ErrorCode::NoSuchVersion.into());
            match subject.version_id {
                Some(version_id) => error.detail("VersionId", version_id.as_str()),
                None => error,
            }
        }
        Missing::Upload => with_upload(subject, ErrorCode::NoSuchUpload.into()),
    }
}

fn named(subject: &Subject<'_>, code: ErrorCode) -> S3Error {
    match subject.bucket {
        Some(bucket) => S3Error::new(code).detail("BucketName", bucket.as_str()),
        None => code.into(),
    }
}

fn with_key(subject: &Subject<'_>, error: S3Error) -> S3Error {
    match subject.key {
        Some(key) => error.detail("Key", key.as_str()),
        None => error,
    }
}

fn with_upload(subject: &Subject<'_>, error: S3Error) -> S3Error {
    match subject.upload_id {
        Some(upload_id) => error.detail("UploadId", upload_id),
        None => error,
    }
}

/// A race. A conditional write tells it as S3 does. A bucket's own race is S3's `OperationAborted`. Any other write may
/// simply be sent again, which clients do by themselves on 503 and not on 409.
fn conflict(subject: &Subject<'_>) -> S3Error {
    match subject.condition {
        Some(condition) => {
            let error =
                S3Error::new(ErrorCode::ConditionalRequestConflict).detail("Condition", condition.header());
            with_key(subject, error)
        }
        None if subject.key.is_none() => ErrorCode::OperationAborted.into(),
        None => unavailable(),
    }
}

/// What S3 answers to an error of a store.
pub(crate) fn of_store(subject: &Subject<'_>, error: StoreError) -> S3Error {
    if error.is_throttled() {
        return later(ErrorCode::SlowDown);
    }
    to_s3(subject, error.kind)
}

fn unavailable() -> S3Error {
    later(ErrorCode::ServiceUnavailable)
}

fn later(code: ErrorCode) -> S3Error {
    S3Error::new(code).header(ErrorHeader::RetryAfter(RETRY_AFTER_SECS))
}

fn part(subject: &Subject<'_>, problem: PartProblem) -> S3Error {
    match problem {
        PartProblem::Invalid(number) => {
            with_upload(subject, ErrorCode::InvalidPart.into()).detail("PartNumber", number.to_string())
        }
        PartProblem::Order => with_upload(subject, ErrorCode::InvalidPartOrder.into()),
        PartProblem::TooSmall { number, size_bytes } => S3Error::new(ErrorCode::EntityTooSmall)
            .detail("ProposedSize", size_bytes.to_string())
            .detail("MinSizeAllowed", PART_MIN_BYTES.to_string())
            .detail("PartNumber", number.to_string()),
        PartProblem::TooLarge { size_bytes } => {
            S3Error::new(ErrorCode::EntityTooLarge).detail("ProposedSize", size_bytes.to_string())
        }
        PartProblem::NoSuchPart => ErrorCode::InvalidPartNumber.into(),
        PartProblem::ChecksumAlgorithm(algorithm) => S3Error::invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}",
            algorithm.name().to_ascii_lowercase()
        )),
        PartProblem::ChecksumKind => S3Error::invalid_request(
            "The upload was created using another checksum mode. The complete request must use the same checksum mode.",
        ),
        PartProblem::ObjectSize => S3Error::invalid_request(
            "The provided 'x-amz-mp-object-size' header does not match what was computed from the parts.",
        ),
        PartProblem::ChecksumMissing(number) => S3Error::invalid_request(format!(
            "The complete request must include the checksum for each part. It was missing for part {number} in the request."
        )),
    }
}

fn digest_mismatch(algorithm: Option<ChecksumAlgorithm>) -> S3Error {
    match algorithm {
        None => ErrorCode::BadDigest.into(),
        Some(algorithm) => S3Error::with_message(
            ErrorCode::BadDigest,
            format!("The {} you specified did not match the calculated checksum.", algorithm.name()),
        ),
    }
}

fn trailer_missing(algorithm: ChecksumAlgorithm) -> S3Error {
    S3Error::with_message(
        ErrorCode::MalformedTrailerError,
        format!("The announced {} trailer did not come.", algorithm.name()),
    )
}

/// Tells the operator of what is the server's own doing. What a client did wrong stands in the access log.
pub(crate) fn log(cx: &Context, operation: Operation, error: &StoreError) {
    let request_id = cx.request_id;
    let operation = operation.name();
    match &error.kind {
        StoreErrorKind::Corrupt | StoreErrorKind::Internal => {
            tracing::error!(%request_id, operation, error = %Chain(error), "the store failed");
        }
        StoreErrorKind::Full(_) | StoreErrorKind::Unavailable | StoreErrorKind::Denied => {
            tracing::warn!(%request_id, operation, error = %Chain(error), "the store refused");
        }
        StoreErrorKind::Body(body) if is_ours(body) => {
            tracing::error!(%request_id, operation, error = %Chain(body), "reading stored bytes failed");
        }
        _ => {}
    }
}

fn is_ours(body: &BodyError) -> bool {
    matches!(body.kind, BodyErrorKind::Storage | BodyErrorKind::Corrupt)
}

/// An error with all its causes on one line.
struct Chain<'a>(&'a dyn Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
