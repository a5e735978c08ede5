use types::{BucketName, Checksum, ETag, ObjectKey, ObjectMetadata, VersionId};

use crate::BodyDigests;

/// What a form upload answers when it succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PostSuccess {
    /// 204 without a document; what S3 does by default.
    #[default]
    NoContent,
    /// `success_action_status` of 200: an empty document.
    Ok,
    /// `success_action_status` of 201: a document that names the object.
    Created,
    /// `success_action_redirect`: 303 to this URL with `bucket`, `key` and `etag` added.
    Redirect(String),
}

/// POST object: an upload by an HTML form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostObjectInput {
    /// The key, `${filename}` replaced.
    pub key: ObjectKey,
    /// What the client says about the object.
    pub metadata: ObjectMetadata,
    /// What the bytes must turn out to be.
    pub digests: BodyDigests,
    /// What to answer.
    pub success: PostSuccess,
}

/// A form upload stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostObjectOutput {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: ObjectKey,
    /// The entity tag.
    pub etag: ETag,
    /// The checksum kept.
    pub checksum: Option<Checksum>,
    /// The version, where the bucket has or had versioning.
    pub version_id: Option<VersionId>,
    /// What to answer.
    pub success: PostSuccess,
}
