use http::HeaderMap;
use store::{Bucket, Missing, StoreError, StoreErrorKind, WriteCondition};
use types::{Context, ETag, ObjectKey, VersionId};

use crate::headers;
use crate::probe::{Condition, Proven};
use crate::store::Inner;
use crate::wire::Seen;

/// A condition as the service is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// None.
    Always,
    /// `If-None-Match: *`.
    IfAbsent,
    /// `If-Match` with this tag; whether it is the client's own, or the one that was found where the client asked for any.
    IfMatch(ETag, Whose),
}

/// Whose the tag of a condition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The client named it.
    Client,
    /// It was found a moment ago.
    Found,
}

impl Told {
    /// Whether there is one.
    pub(super) fn is_some(&self) -> bool {
        *self != Self::Always
    }

    /// Writes the header.
    pub(super) fn write(&self, out: &mut HeaderMap) -> Result<(), StoreError> {
        match self {
            Self::Always => {}
            Self::IfAbsent => {
                out.insert(http::header::IF_NONE_MATCH, http::HeaderValue::from_static("*"));
            }
            Self::IfMatch(etag, _) => {
                out.insert(http::header::IF_MATCH, headers::value(&format!("\"{etag}\""))?);
            }
        }
        Ok(())
    }

    /// A failed write as its caller should see it.
    pub(super) fn explain(&self, mut error: StoreError) -> StoreError {
        match (&error.kind, self) {
            // Who came between is unknown to the client, which asked for any object.
            (StoreErrorKind::ConditionFailed, Self::IfMatch(_, Whose::Found)) => {
                error.kind = StoreErrorKind::Conflict;
            }
            // For a write a delete marker is no object.
            (StoreErrorKind::DeleteMarker { .. }, Self::IfMatch(..)) => {
                error.kind = StoreErrorKind::Missing(Missing::Key);
            }
            _ => {}
        }
        error
    }
}

impl Inner {
    /// Prepares a condition for a write of this sort: proves that the service honours it, and finds the tag where any object
    /// will do.
    ///
    /// # Errors
    /// `Unsupported` where the service does not honour it; `Missing(Key)` where there is no object.
    pub(super) async fn tell(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        (condition, version): (&WriteCondition, Option<&VersionId>),
        what: Condition,
    ) -> Result<Told, StoreError> {
        if *condition == WriteCondition::Always {
            return Ok(Told::Always);
        }
        let proven: Proven = self.proven(cx, &bucket.name).await?;
        proven.require(what)?;
        match condition {
            WriteCondition::Always => Ok(Told::Always),
            WriteCondition::IfAbsent => Ok(Told::IfAbsent),
            WriteCondition::IfMatch(etag) => Ok(Told::IfMatch(etag.clone(), Whose::Client)),
            WriteCondition::IfPresent => {
                let seen = Seen { version: version.is_some(), ..Seen::default() };
                let found = self.head_now(cx, bucket.name.as_str(), key, version).await;
                let (info, _) = found.map_err(|failure| {
                    let error = failure.into_store(seen, "look at the object to be replaced");
                    match error.kind {
                        StoreErrorKind::DeleteMarker { .. } => {
                            StoreError::missing(Missing::Key, error.operation)
                        }
                        _ => error,
                    }
                })?;
                Ok(Told::IfMatch(info.etag, Whose::Found))
            }
        }
    }
}
