use s3_model::{ErrorCode, IfRange, ReadConditions, S3Error, WriteCondition};
use store::Support;
use types::{ETag, Timestamp};

use crate::capability;

/// What read conditions say about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Holds,
    /// The client's copy is still good: 304, or 412 where a copy asked.
    NotModified(Condition),
    /// The object is not the one the client means: 412.
    Failed(Condition),
}

/// A condition of a request, as it stands in the answer that tells of its failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// `If-Match`.
    Match,
    /// `If-None-Match`.
    NoneMatch,
    /// `If-Modified-Since`.
    ModifiedSince,
    /// `If-Unmodified-Since`.
    UnmodifiedSince,
}

impl Condition {
    /// The header's name.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Match => "If-Match",
            Self::NoneMatch => "If-None-Match",
            Self::ModifiedSince => "If-Modified-Since",
            Self::UnmodifiedSince => "If-Unmodified-Since",
        }
    }

    /// The name of the header that puts the condition on a copy's source.
    pub(crate) const fn source_header(self) -> &'static str {
        match self {
            Self::Match => "x-amz-copy-source-If-Match",
            Self::NoneMatch => "x-amz-copy-source-If-None-Match",
            Self::ModifiedSince => "x-amz-copy-source-If-Modified-Since",
            Self::UnmodifiedSince => "x-amz-copy-source-If-Unmodified-Since",
        }
    }
}

/// Weighs read conditions. A tag wins over a date: `If-Unmodified-Since` counts only without `If-Match`, and
/// `If-Modified-Since` only without `If-None-Match`. Source: RFC 9110, section 13.2.2, and GetObject in the API reference.
pub(crate) fn weigh(conditions: &ReadConditions, etag: &ETag, modified_at: Timestamp) -> Verdict {
    let modified_secs = modified_at.as_secs();
    match (&conditions.if_match, conditions.if_unmodified_since) {
        (Some(tags), _) if !tags.matches(etag) => return Verdict::Failed(Condition::Match),
        (None, Some(since)) if modified_secs > since.as_secs() => {
            return Verdict::Failed(Condition::UnmodifiedSince);
        }
        _ => {}
    }
    match (&conditions.if_none_match, conditions.if_modified_since) {
        (Some(tags), _) if tags.matches_weakly(etag) => Verdict::NotModified(Condition::NoneMatch),
        (None, Some(since)) if modified_secs <= since.as_secs() => {
            Verdict::NotModified(Condition::ModifiedSince)
        }
        _ => Verdict::Holds,
    }
}

/// Whether `If-Range` lets the range hold: the tag is the object's, or the date is exactly its own.
/// Source: RFC 9110, section 13.1.5.
pub(crate) fn range_holds(if_range: Option<&IfRange>, etag: &ETag, modified_at: Timestamp) -> bool {
    match if_range {
        None => true,
        Some(IfRange::Tag(tag)) => tag == etag,
        Some(IfRange::Date(date)) => date.as_secs() == modified_at.as_secs(),
    }
}

/// The condition of a write as the store takes it.
///
/// # Errors
/// `NotImplemented` where the store cannot decide it atomically.
pub(crate) fn for_store(
    condition: &WriteCondition,
    support: Support,
) -> Result<store::WriteCondition, S3Error> {
    let condition = match condition {
        WriteCondition::Always => return Ok(store::WriteCondition::Always),
        WriteCondition::IfAbsent => store::WriteCondition::IfAbsent,
        WriteCondition::IfPresent => store::WriteCondition::IfPresent,
        WriteCondition::IfMatch(tag) => store::WriteCondition::IfMatch(tag.clone()),
    };
    capability::require(support)?;
    Ok(condition)
}

/// The header behind a condition of a write.
pub(crate) fn header_of(condition: &WriteCondition) -> Option<Condition> {
    match condition {
        WriteCondition::Always => None,
        WriteCondition::IfAbsent => Some(Condition::NoneMatch),
        WriteCondition::IfPresent | WriteCondition::IfMatch(_) => Some(Condition::Match),
    }
}

/// 412 with the header that failed.
pub(crate) fn failed(header: &'static str) -> S3Error {
    S3Error::new(ErrorCode::PreconditionFailed).detail("Condition", header)
}

#[cfg(test)]
mod tests;
