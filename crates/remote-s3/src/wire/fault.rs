use http::{HeaderMap, StatusCode};
use remote::{RemoteError, RemoteErrorKind};
use store::{Missing, PartProblem, StoreError, StoreErrorKind};
use types::{BodyErrorKind, ChecksumAlgorithm, Timestamp, VersionId};

use crate::endpoint::Endpoint;
use crate::{date, xml};

/// Reasons that clients are shown; the service's own words go to the log.
const NOT_IMPLEMENTED: &str = "the service that holds the data does not implement it";
const REFUSED: &str = "the service that holds the data refuses such a request";
const ARCHIVED: &str = "the object is archived where it lives and must be restored there first";
const NO_SPACE: &str = "the service that holds the data";

/// A request that came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No answer, or none of use.
    Remote(RemoteError),
    /// A refusal.
    Fault(Box<Fault>),
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        Self::Remote(error)
    }
}

/// What a request was about, for the meaning of a refusal.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Whether a version was named.
    pub(crate) version: bool,
    /// Whether a part was named.
    pub(crate) part: bool,
    /// The checksum that was sent.
    pub(crate) checksum: Option<ChecksumAlgorithm>,
}

/// A refusal as the service words it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    root: xml::Element,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, root: xml::Element) -> Self {
        Self { status, headers, root }
    }

    /// Its code; empty where the answer has none.
    pub(crate) fn code(&self) -> &str {
        self.root.get("Code").unwrap_or_default()
    }

    /// The region that it names as the right one. A redirect to another host is followed as far as that host tells a region
    /// of the same service; what is sent never goes to anybody else.
    pub(crate) fn region(&self, endpoint: &Endpoint) -> Option<&str> {
        let header = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let told = header("x-amz-bucket-region").or_else(|| self.root.get("Region"));
        if told.is_some() || !matches!(self.status.as_u16(), 301 | 307) {
            return told;
        }
        let host = self.root.get("Endpoint").or_else(|| {
            let (_, rest) = header("location")?.split_once("://")?;
            rest.split(['/', '?', ':']).next()
        });
        endpoint.region_of_host(host?)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.root.get(name)?.trim().parse().ok()
    }

    fn part(&self) -> u32 {
        self.number("PartNumber").and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
    }

    fn is_delete_marker(&self) -> bool {
        self.headers.get("x-amz-delete-marker").is_some_and(|value| value.as_bytes() == b"true")
    }

    /// What a caller can do about it.
    fn kind(&self, seen: Seen) -> StoreErrorKind {
        use StoreErrorKind as Kind;
        if self.is_delete_marker() && matches!(self.status.as_u16(), 404 | 405) {
            return self.delete_marker(seen);
        }
        match self.code() {
            "NoSuchBucket" => Kind::Missing(Missing::Bucket),
            "NoSuchKey" => Kind::Missing(if seen.version { Missing::Version } else { Missing::Key }),
            "NoSuchVersion" => Kind::Missing(Missing::Version),
            "NoSuchUpload" => Kind::Missing(Missing::Upload),
            "PreconditionFailed" => Kind::ConditionFailed,
            "ConditionalRequestConflict" | "OperationAborted" => Kind::Conflict,
            "BucketAlreadyExists" | "BucketAlreadyOwnedByYou" => Kind::BucketExists,
            "BucketNotEmpty" => Kind::BucketNotEmpty,
            "InvalidPart" => Kind::Part(PartProblem::Invalid(self.part())),
            "InvalidPartOrder" => Kind::Part(PartProblem::Order),
            "InvalidPartNumber" => Kind::Part(PartProblem::NoSuchPart),
            "EntityTooSmall" => {
                let size_bytes = self.number("ProposedSize").unwrap_or_default();
                Kind::Part(PartProblem::TooSmall { number: self.part(), size_bytes })
            }
            "EntityTooLarge" => {
                let max_bytes = self.number("MaxSizeAllowed").unwrap_or_default();
                Kind::Body(BodyErrorKind::TooLarge { max_bytes }.into())
            }
            "BadDigest" | "XAmzContentChecksumMismatch" | "XAmzContentSHA256Mismatch" => {
                Kind::DigestMismatch(seen.checksum)
            }
            "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => Kind::Denied,
            "InvalidObjectState" => Kind::Unsupported(ARCHIVED),
            "NotImplemented" | "MethodNotAllowed" => Kind::Unsupported(NOT_IMPLEMENTED),
            "XMinioStorageFull" | "QuotaExceeded" | "InsufficientStorage" => Kind::Full(NO_SPACE),
            // Not the client's, whose own proof was good: it may try again once the operator has put it right.
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "InvalidToken"
            | "RequestTimeTooSkewed"
            | "AuthorizationHeaderMalformed"
            | "SlowDown"
            | "ServiceUnavailable"
            | "InternalError"
            | "RequestTimeout"
            | "PermanentRedirect"
            | "TemporaryRedirect" => Kind::Unavailable,
            "InvalidArgument" if seen.version && self.names("versionId") => Kind::Missing(Missing::Version),
            _ => self.by_status(seen),
        }
    }

    fn names(&self, argument: &str) -> bool {
        self.root.get("ArgumentName").is_some_and(|name| name.eq_ignore_ascii_case(argument))
            || self.root.get("Message").is_some_and(|text| text.to_ascii_lowercase().contains("version id"))
    }

    fn by_status(&self, seen: Seen) -> StoreErrorKind {
        use StoreErrorKind as Kind;
        match self.status.as_u16() {
            404 if seen.version => Kind::Missing(Missing::Version),
            404 => Kind::Missing(Missing::Key),
            400 if seen.version && self.code().is_empty() => Kind::Missing(Missing::Version),
            403 => Kind::Denied,
            409 => Kind::Conflict,
            412 => Kind::ConditionFailed,
            416 if seen.part => Kind::Part(PartProblem::NoSuchPart),
            405 | 501 => Kind::Unsupported(NOT_IMPLEMENTED),
            401 | 429 | 500.. => Kind::Unavailable,
            400..500 => Kind::Unsupported(REFUSED),
            _ => Kind::Unavailable,
        }
    }

    fn delete_marker(&self, seen: Seen) -> StoreErrorKind {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        StoreErrorKind::DeleteMarker {
            version_id: text("x-amz-version-id").map_or(VersionId::Null, VersionId::from_text),
            named: seen.version,
            modified_at: text("last-modified").and_then(date::of_header).unwrap_or(Timestamp::default()),
        }
    }
}

impl Failure {
    /// Whether the request may have taken effect all the same.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match self {
            Self::Remote(error) => error.is_ambiguous(),
            Self::Fault(fault) => {
                matches!(fault.status.as_u16(), 500 | 502 | 504) || fault.code() == "InternalError"
            }
        }
    }

    /// The refusal's code; none where there was no answer.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Remote(_) => None,
            Self::Fault(fault) => Some(fault.code()),
        }
    }

    /// The refusal's status; none where there was no answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Remote(_) => None,
            Self::Fault(fault) => Some(fault.status.as_u16()),
        }
    }

    /// The failure as a store's.
    pub(crate) fn into_store(self, seen: Seen, operation: &'static str) -> StoreError {
        match self {
            Self::Remote(RemoteError { kind: RemoteErrorKind::Body(body), .. }) => {
                let kind = match body.kind {
                    BodyErrorKind::DigestMismatch(algorithm) => StoreErrorKind::DigestMismatch(algorithm),
                    BodyErrorKind::TrailerMissing(algorithm) => StoreErrorKind::TrailerMissing(algorithm),
                    _ => StoreErrorKind::Body(body),
                };
                StoreError::new(kind, operation)
            }
            Self::Remote(error) => error.into_store(operation),
            Self::Fault(fault) => {
                let kind = fault.kind(seen);
                StoreError::with_source(kind, operation, Told::of(&fault))
            }
        }
    }
}

/// The service's own words, for the log.
#[derive(Debug)]
struct Told(String);

impl Told {
    fn of(fault: &Fault) -> Self {
        let message = fault.root.get("Message").unwrap_or_default();
        let id = fault.headers.get("x-amz-request-id").and_then(|value| value.to_str().ok()).unwrap_or("-");
        Self(format!("{} {:?} {message:?} (request {id})", fault.status.as_u16(), fault.code()))
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the service answered {}", self.0)
    }
}

impl std::error::Error for Told {}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, document: &str) -> Fault {
        let root = xml::parse(document.as_bytes()).unwrap_or_default();
        Fault::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), root)
    }

    fn kind(status: u16, code: &str, seen: Seen) -> String {
        let document = format!(
            "<Error><Code>{code}</Code><PartNumber>3</PartNumber><ProposedSize>5</ProposedSize></Error>"
        );
        format!("{:?}", fault(status, &document).kind(seen))
    }

    #[test]
    fn codes_tell_what_a_caller_can_do() {
        let plain = Seen::default();
        for (status, code, expected) in [
            (404, "NoSuchKey", "Missing(Key)"),
            (404, "NoSuchBucket", "Missing(Bucket)"),
            (404, "NoSuchUpload", "Missing(Upload)"),
            (412, "PreconditionFailed", "ConditionFailed"),
            (409, "ConditionalRequestConflict", "Conflict"),
            (409, "BucketAlreadyOwnedByYou", "BucketExists"),
            (400, "InvalidPart", "Part(Invalid(3))"),
            (400, "EntityTooSmall", "Part(TooSmall { number: 3, size_bytes: 5 })"),
            (503, "SlowDown", "Unavailable"),
            (403, "AccessDenied", "Denied"),
            (403, "SignatureDoesNotMatch", "Unavailable"),
            (501, "NotImplemented", "Unsupported(\"the service that holds the data does not implement it\")"),
            (400, "BadDigest", "DigestMismatch(None)"),
            (507, "XMinioStorageFull", "Full(\"the service that holds the data\")"),
        ] {
            assert_eq!(kind(status, code, plain), expected, "{code}");
        }
        let version = Seen { version: true, ..plain };
        assert_eq!(kind(404, "NoSuchKey", version), "Missing(Version)");
    }

    #[test]
    fn a_redirect_tells_a_region_of_the_same_service_and_nothing_else() {
        let aws = Endpoint::aws("us-east-1", crate::Addressing::Auto).unwrap();
        let minio = Endpoint::parse("http://127.0.0.1:9000", crate::Addressing::Auto).unwrap();
        let to = |status, host: &str| {
            fault(
                status,
                &format!("<Error><Code>TemporaryRedirect</Code><Endpoint>{host}</Endpoint></Error>"),
            )
        };
        let dublin = "b.s3.eu-west-1.amazonaws.com";
        assert_eq!(to(307, dublin).region(&aws), Some("eu-west-1"));
        assert_eq!(to(301, "b.s3-eu-west-1.amazonaws.com").region(&aws), Some("eu-west-1"));
        assert_eq!((to(307, dublin).region(&minio), to(400, dublin).region(&aws)), (None, None));
        for host in ["b.s3.amazonaws.com", "b.s3.eu-west-1.amazonaws.com.example", "s3.x.y.amazonaws.com", ""]
        {
            assert_eq!(to(307, host).region(&aws), None, "{host}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("location", "https://b.s3.eu-west-1.amazonaws.com/k?x=1".parse().unwrap());
        let located = Fault::new(StatusCode::TEMPORARY_REDIRECT, headers, xml::Element::default());
        assert_eq!(located.region(&aws), Some("eu-west-1"));
    }

    #[test]
    fn an_answer_that_is_no_document_is_told_by_its_status() {
        let of = |status, seen| format!("{:?}", fault(status, "<html>nginx").kind(seen));
        let plain = Seen::default();
        assert_eq!(of(404, plain), "Missing(Key)");
        assert_eq!(of(502, plain), "Unavailable");
        assert_eq!(of(412, plain), "ConditionFailed");
        assert_eq!(of(416, Seen { part: true, ..plain }), "Part(NoSuchPart)");
    }
}
