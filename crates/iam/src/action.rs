use std::fmt;

use s3_model::Operation;
use types::VersionId;

/// What an operation does, by the name that IAM policies use, such as `s3:GetObject`.
///
/// Source: "Actions, resources, and condition keys for Amazon S3" in the service authorization reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Action(&'static str);

/// What kind of thing an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// Reads objects, their facts, or a bucket's settings.
    Read,
    /// Lists buckets, objects, versions, uploads or parts.
    List,
    /// Writes or removes objects, multipart uploads included.
    Write,
    /// Makes or removes buckets, changes their settings, and all that no other kind names.
    Administer,
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::List => "listing",
            Self::Write => "write",
            Self::Administer => "change of buckets",
        })
    }
}

impl Action {
    /// Makes a bucket.
    pub const CREATE_BUCKET: Self = Self("s3:CreateBucket");
    /// Reads a current object: its bytes or its head.
    pub const GET_OBJECT: Self = Self("s3:GetObject");
    /// Lists current objects, and asks whether a bucket is there.
    pub const LIST_BUCKET: Self = Self("s3:ListBucket");
    /// Writes an object.
    pub const PUT_OBJECT: Self = Self("s3:PutObject");
    /// Writes tags: wanted beside [`Self::PUT_OBJECT`] by a write that brings tags.
    pub const PUT_OBJECT_TAGGING: Self = Self("s3:PutObjectTagging");
    /// Removes a current object.
    pub const DELETE_OBJECT: Self = Self("s3:DeleteObject");

    /// The action of an operation, which for some is another where the request names a version. `None` for a CORS
    /// preflight, which bears no identity.
    #[must_use]
    pub fn of(operation: Operation, version: Option<&VersionId>) -> Option<Self> {
        operation.action(version).map(Self)
    }

    /// The action that must be allowed on the source of a copy; `None` for operations without one.
    #[must_use]
    pub fn of_source(operation: Operation, version: Option<&VersionId>) -> Option<Self> {
        operation.source_action(version).map(Self)
    }

    /// An action by its name.
    #[must_use]
    pub const fn from_name(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// What kind of thing it does. The names of IAM are regular enough to tell by their beginning; what is not known to
    /// be harmless counts as [`ActionKind::Administer`].
    #[must_use]
    pub fn kind(self) -> ActionKind {
        const WRITES: [&str; 5] = [
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
            "s3:RestoreObject",
            "s3:ReplicateObject",
        ];
        if self.0.starts_with("s3:Get") {
            ActionKind::Read
        } else if self.0.starts_with("s3:List") {
            ActionKind::List
        } else if WRITES.into_iter().any(|write| self.0.starts_with(write)) {
            ActionKind::Write
        } else {
            ActionKind::Administer
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests;
