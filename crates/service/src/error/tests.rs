use types::{BucketName, ObjectKey, Timestamp, VersionId};

use super::*;

fn code(kind: StoreErrorKind) -> (ErrorCode, u16) {
    let code = to_s3(&Subject::new(Operation::PutObject), kind).code;
    (code, code.status())
}

#[test]
fn each_kind_has_its_code_and_status() {
    use ErrorCode as Code;
    use StoreErrorKind as Kind;

    let cases: Vec<(Kind, ErrorCode, u16)> = vec![
        (Kind::Missing(Missing::Bucket), Code::NoSuchBucket, 404),
        (Kind::Missing(Missing::Key), Code::NoSuchKey, 404),
        (Kind::Missing(Missing::Version), Code::NoSuchVersion, 404),
        (Kind::Missing(Missing::Upload), Code::NoSuchUpload, 404),
        (marker(false), Code::NoSuchKey, 404),
        (marker(true), Code::MethodNotAllowed, 405),
        (Kind::BucketExists, Code::BucketAlreadyExists, 409),
        (Kind::BucketNotEmpty, Code::BucketNotEmpty, 409),
        (Kind::ConditionFailed, Code::PreconditionFailed, 412),
        (Kind::Part(PartProblem::Invalid(3)), Code::InvalidPart, 400),
        (Kind::Part(PartProblem::Order), Code::InvalidPartOrder, 400),
        (Kind::Part(PartProblem::TooSmall { number: 1, size_bytes: 5 }), Code::EntityTooSmall, 400),
        (Kind::Part(PartProblem::TooLarge { size_bytes: 5 }), Code::EntityTooLarge, 400),
        (Kind::Part(PartProblem::NoSuchPart), Code::InvalidPartNumber, 416),
        (Kind::Part(PartProblem::ChecksumKind), Code::InvalidRequest, 400),
        (Kind::Part(PartProblem::ObjectSize), Code::InvalidRequest, 400),
        (Kind::Part(PartProblem::ChecksumMissing(1)), Code::InvalidRequest, 400),
        (Kind::DigestMismatch(None), Code::BadDigest, 400),
        (Kind::DigestMismatch(Some(ChecksumAlgorithm::Crc32)), Code::BadDigest, 400),
        (Kind::TrailerMissing(ChecksumAlgorithm::Crc32), Code::MalformedTrailerError, 400),
        (Kind::Denied, Code::AccessDenied, 403),
        (Kind::Forbidden("why"), Code::AccessDenied, 403),
        (Kind::Unsupported("why"), Code::NotImplemented, 501),
        (Kind::Full("the disk"), Code::InsufficientStorage, 507),
        (Kind::Corrupt, Code::InternalError, 500),
        (Kind::Unavailable, Code::ServiceUnavailable, 503),
        (Kind::Internal, Code::InternalError, 500),
    ];
    for (kind, expected, status) in cases {
        let told = format!("{kind:?}");
        assert_eq!(code(kind), (expected, status), "{told}");
    }
}

#[test]
fn each_failure_of_a_body_has_its_code() {
    use BodyErrorKind as Kind;
    use ErrorCode as Code;

    let cases = [
        (Kind::Incomplete, Code::IncompleteBody),
        (Kind::TimedOut, Code::RequestTimeout),
        (Kind::TooLarge { max_bytes: 7 }, Code::EntityTooLarge),
        (Kind::TooSmall { min_bytes: 7 }, Code::EntityTooSmall),
        (Kind::Malformed("a chunk's size"), Code::InvalidRequest),
        (Kind::MalformedTrailer("no colon"), Code::MalformedTrailerError),
        (Kind::SignatureMismatch, Code::SignatureDoesNotMatch),
        (Kind::PayloadHashMismatch, Code::XAmzContentSHA256Mismatch),
        (Kind::DigestMismatch(None), Code::BadDigest),
        (Kind::TrailerMissing(ChecksumAlgorithm::Sha1), Code::MalformedTrailerError),
        (Kind::Storage, Code::InternalError),
        (Kind::Corrupt, Code::InternalError),
    ];
    for (kind, expected) in cases {
        let told = format!("{kind:?}");
        assert_eq!(code(StoreErrorKind::Body(kind.into())).0, expected, "{told}");
    }
}

#[test]
fn a_race_says_whether_to_ask_again() {
    let (bucket, key) = (BucketName::new("some-bucket").unwrap(), ObjectKey::new("k").unwrap());
    let conflict = |subject: Subject<'_>| to_s3(&subject, StoreErrorKind::Conflict);

    let object = Subject::new(Operation::PutObject).bucket(&bucket).key(&key);
    let conditional = conflict(object.conditioned(&s3_model::WriteCondition::IfAbsent));
    assert_eq!(conditional.code, ErrorCode::ConditionalRequestConflict);
    assert_eq!(conditional.details, [("Condition", "If-None-Match".to_owned()), ("Key", "k".to_owned())]);

    let plain = conflict(object);
    assert_eq!(plain.code, ErrorCode::ServiceUnavailable);
    assert_eq!(plain.headers, [ErrorHeader::RetryAfter(RETRY_AFTER_SECS)]);

    let of_bucket = conflict(Subject::new(Operation::DeleteBucket).bucket(&bucket));
    assert_eq!(of_bucket.code, ErrorCode::OperationAborted);
}

#[test]
fn a_delete_marker_tells_its_version_and_when_it_was_made() {
    let subject = Subject::new(Operation::HeadObject);
    let version = ErrorHeader::VersionId(VersionId::from_text("v1"));
    assert_eq!(to_s3(&subject, marker(false)).headers, [ErrorHeader::DeleteMarker, version.clone()]);
    let named = to_s3(&subject, marker(true));
    assert_eq!(named.details[0], ("Method", "HEAD".to_owned()));
    assert_eq!(
        named.headers,
        [
            ErrorHeader::Allow("DELETE"),
            ErrorHeader::DeleteMarker,
            version,
            ErrorHeader::LastModified(Timestamp::from_secs(9))
        ]
    );
}

#[test]
fn what_is_not_there_is_named() {
    let (bucket, key) = (BucketName::new("some-bucket").unwrap(), ObjectKey::new("k").unwrap());
    let version_id = VersionId::from_text("v1");
    let subject =
        Subject::new(Operation::GetObject).bucket(&bucket).key(&key).version(Some(&version_id)).upload("u1");
    let details = |what| {
        to_s3(&subject, StoreErrorKind::Missing(what))
            .details
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(details(Missing::Bucket), "BucketName=some-bucket");
    assert_eq!(details(Missing::Key), "Key=k");
    assert_eq!(details(Missing::Version), "Key=k VersionId=v1");
    assert_eq!(details(Missing::Upload), "UploadId=u1");
}

#[test]
fn no_cause_reaches_the_client() {
    let secret = StoreError::with_source(StoreErrorKind::Internal, "open", "/var/secret/path is gone");
    assert!(format!("{}", Chain(&secret)).ends_with("/var/secret/path is gone"));
    let told = Subject::new(Operation::GetObject).error(&Context::background(), secret);
    assert_eq!(told.message, ErrorCode::InternalError.message());
    assert!(told.details.is_empty());
}

fn marker(named: bool) -> StoreErrorKind {
    let version_id = VersionId::from_text("v1");
    StoreErrorKind::DeleteMarker { version_id, named, modified_at: Timestamp::from_secs(9) }
}

#[test]
fn only_a_limit_that_was_set_is_slow_down() {
    let answer = |error| of_store(&Subject::new(Operation::PutObject), error).code;
    let unavailable = || StoreError::new(StoreErrorKind::Unavailable, "put");
    assert_eq!(answer(unavailable()), ErrorCode::ServiceUnavailable);
    let limited = StoreError { source: Some(store::Throttled.into()), ..unavailable() };
    assert_eq!(answer(StoreError { source: Some(limited.into()), ..unavailable() }), ErrorCode::SlowDown);
    let failed = StoreError::with_source(StoreErrorKind::Internal, "put", store::Throttled);
    assert_eq!(answer(failed), ErrorCode::InternalError);
}
