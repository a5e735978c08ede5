use std::fmt;

use http::StatusCode;
use remote::{RemoteError, Response};
use store::{Missing, StoreError, StoreErrorKind};

/// The most bytes of a refusal's document; read so that the connection can be used again.
const DOCUMENT_MAX_BYTES: usize = 16 * 1024;
/// The longest code that is kept of a refusal.
const CODE_MAX_BYTES: usize = 64;

/// A call that did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There was no answer.
    Remote(RemoteError),
    /// The service refused.
    Refused(Refused),
}

/// A refusal by status and code. Source: "Blob service error codes", "Common REST API error codes".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Azure answered {} {}", self.status.as_u16(), self.code)
    }
}

impl std::error::Error for Refused {}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        Self::Remote(error)
    }
}

impl Failure {
    /// Reads a refusal.
    pub(super) async fn of(response: Response) -> Self {
        let status = response.status;
        let code = response.header("x-ms-error-code").unwrap_or_default();
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(CODE_MAX_BYTES).collect();
        // What it says in words is not looked at.
        let _ = response.collect(DOCUMENT_MAX_BYTES).await;
        Self::Refused(Refused { status, code })
    }

    /// The code of a refusal; of none the empty one.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Remote(_) => "",
            Self::Refused(refused) => &refused.code,
        }
    }

    fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Remote(_) => None,
            Self::Refused(refused) => Some(refused.status),
        }
    }

    /// Whether there is no such blob. An answer to HEAD may bear no code.
    pub(crate) fn is_missing(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND) && !self.is_container_missing()
    }

    /// Whether the source of a copy is not there, or another one. Its refusals have one code for all causes.
    pub(crate) fn is_source_gone(&self) -> bool {
        match self.status() {
            Some(StatusCode::NOT_FOUND) => !self.is_container_missing(),
            // A lease on the target is another matter.
            Some(StatusCode::PRECONDITION_FAILED) => !self.code().starts_with("Lease"),
            _ => false,
        }
    }

    /// Whether the container is not there, or on its way out.
    pub(crate) fn is_container_missing(&self) -> bool {
        matches!(self.code(), "ContainerNotFound" | "ContainerBeingDeleted")
    }

    /// Whether a condition of the request did not hold.
    pub(crate) fn is_condition(&self) -> bool {
        match self.code() {
            "ConditionNotMet" | "TargetConditionNotMet" | "BlobAlreadyExists" => true,
            "" => self.status() == Some(StatusCode::PRECONDITION_FAILED),
            _ => false,
        }
    }

    /// Whether the write may have taken effect all the same.
    pub(crate) fn is_ambiguous(&self) -> bool {
        match self {
            Self::Remote(error) => error.is_ambiguous(),
            Self::Refused(refused) => refused.status.is_server_error(),
        }
    }

    /// The failure as a store's.
    pub(crate) fn into_store(self, operation: &'static str) -> StoreError {
        let refused = match self {
            Self::Remote(error) => return remote_into_store(error, operation),
            Self::Refused(refused) => refused,
        };
        let kind = kind_of(&refused);
        StoreError::with_source(kind, operation, refused)
    }
}

/// A remote failure as a store's; what is wrong with the caller's body keeps its own name.
fn remote_into_store(error: RemoteError, operation: &'static str) -> StoreError {
    let mut error = error.into_store(operation);
    if let StoreErrorKind::Body(body) = &error.kind {
        match body.kind {
            types::BodyErrorKind::DigestMismatch(algorithm) => {
                error.kind = StoreErrorKind::DigestMismatch(algorithm);
            }
            types::BodyErrorKind::TrailerMissing(algorithm) => {
                error.kind = StoreErrorKind::TrailerMissing(algorithm);
            }
            _ => {}
        }
    }
    error
}

fn kind_of(refused: &Refused) -> StoreErrorKind {
    match (refused.status.as_u16(), refused.code.as_str()) {
        (_, "ContainerNotFound" | "ContainerDisabled") => StoreErrorKind::Missing(Missing::Bucket),
        (_, "ContainerBeingDeleted") => StoreErrorKind::Conflict,
        (_, "Md5Mismatch") => StoreErrorKind::DigestMismatch(None),
        (_, "InvalidResourceName" | "OutOfRangeInput" | "InvalidUri" | "InvalidInput") => {
            StoreErrorKind::Unsupported("Azure refuses this name")
        }
        (_, "MetadataTooLarge") => StoreErrorKind::Unsupported(crate::encode::METADATA_TOO_LARGE),
        (_, "InvalidTags" | "InvalidTag") => StoreErrorKind::Unsupported("Azure has no room for these tags"),
        (501, _)
        | (
            _,
            "FeatureNotSupportedForAccount"
            | "BlobTypeNotSupported"
            | "FeatureNotYetSupportedForHierarchicalNamespaceAccounts",
        ) => StoreErrorKind::Unsupported("this endpoint has no such operation"),
        (_, "BlobImmutableDueToPolicy" | "BlobImmutableDueToLegalHold") => StoreErrorKind::Denied,
        (_, "BlobArchived") => StoreErrorKind::Unsupported("the blob is in the archive tier"),
        (404, _) => StoreErrorKind::Missing(Missing::Key),
        (412, "ConditionNotMet" | "TargetConditionNotMet" | "") | (409, "BlobAlreadyExists") => {
            StoreErrorKind::ConditionFailed
        }
        (401 | 403, _) => StoreErrorKind::Denied,
        // Leases of others, copies under way, blocks dropped by another's commit.
        (409 | 412, _) | (_, "InvalidBlockList" | "InvalidBlobOrBlock") => StoreErrorKind::Conflict,
        (408 | 429 | 500..=599, _) => StoreErrorKind::Unavailable,
        _ => StoreErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        Failure::Refused(Refused { status, code: code.to_owned() })
    }

    #[test]
    fn a_lease_is_no_failed_condition_and_a_missing_container_no_missing_key() {
        assert!(refused(412, "ConditionNotMet").is_condition());
        assert!(refused(412, "").is_condition());
        assert!(refused(409, "BlobAlreadyExists").is_condition());
        assert!(!refused(412, "LeaseIdMissing").is_condition());
        let kind = |status, code| refused(status, code).into_store("test").kind;
        assert!(matches!(kind(412, "LeaseIdMissing"), StoreErrorKind::Conflict));
        assert!(matches!(kind(404, "ContainerNotFound"), StoreErrorKind::Missing(Missing::Bucket)));
        assert!(matches!(kind(404, ""), StoreErrorKind::Missing(Missing::Key)));
        assert!(matches!(kind(403, "AuthenticationFailed"), StoreErrorKind::Denied));
        assert!(matches!(kind(503, "ServerBusy"), StoreErrorKind::Unavailable));
        assert!(matches!(kind(501, ""), StoreErrorKind::Unsupported(_)));
        assert!(refused(404, "CannotVerifyCopySource").is_source_gone());
        assert!(refused(412, "SourceConditionNotMet").is_source_gone());
        assert!(!refused(403, "CannotVerifyCopySource").is_source_gone());
        assert!(!refused(412, "LeaseIdMissing").is_source_gone());
        assert!(refused(500, "InternalError").is_ambiguous());
        assert!(!refused(409, "BlobAlreadyExists").is_ambiguous());
    }
}
