use http::Method;
use http::uri::PathAndQuery;
use s3_model::Operation;
use types::{BucketName, ObjectKey, VersionId};

use crate::Query;

/// Where a request names its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressingStyle {
    /// First piece of the path.
    Path,
    /// In front of the host name.
    VirtualHost,
}

/// The object that a copy reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySourceName {
    /// Its bucket.
    pub bucket: BucketName,
    /// Its key.
    pub key: ObjectKey,
    /// Its version; the current one where none is named.
    pub version_id: Option<VersionId>,
}

/// A request whose operation and names are known; its body and most headers have not been looked at.
#[derive(Debug, Clone)]
pub struct Routed {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) style: AddressingStyle,
    pub(crate) host: Option<Box<str>>,
    pub(crate) path: Option<PathAndQuery>,
    pub(crate) bucket: Option<BucketName>,
    pub(crate) key: Option<ObjectKey>,
    pub(crate) version_id: Option<VersionId>,
    pub(crate) copy_source: Option<CopySourceName>,
    pub(crate) expected_bucket_owner: Option<Box<str>>,
    pub(crate) expected_source_owner: Option<Box<str>>,
    pub(crate) query: Query,
}

impl Routed {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Where the bucket is named.
    #[must_use]
    pub fn style(&self) -> AddressingStyle {
        self.style
    }

    /// Whether the bucket's name stands in front of the host name.
    #[must_use]
    pub fn virtual_hosted(&self) -> bool {
        self.style == AddressingStyle::VirtualHost
    }

    /// The host that the client asked, with its port.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The path as sent, for signing and for `Resource` in errors.
    #[must_use]
    pub fn raw_path(&self) -> &str {
        self.path.as_ref().map_or("/", PathAndQuery::path)
    }

    /// The bucket, where the operation is about one.
    #[must_use]
    pub fn bucket(&self) -> Option<&BucketName> {
        self.bucket.as_ref()
    }

    /// The key, where the operation is about an object. A form upload's key stands in its fields instead.
    #[must_use]
    pub fn key(&self) -> Option<&ObjectKey> {
        self.key.as_ref()
    }

    /// The version of the object that the query names.
    #[must_use]
    pub fn version_id(&self) -> Option<&VersionId> {
        self.version_id.as_ref()
    }

    /// The object that a copy reads.
    #[must_use]
    pub fn copy_source(&self) -> Option<&CopySourceName> {
        self.copy_source.as_ref()
    }

    /// `x-amz-expected-bucket-owner`: who must own the bucket.
    #[must_use]
    pub fn expected_bucket_owner(&self) -> Option<&str> {
        self.expected_bucket_owner.as_deref()
    }

    /// `x-amz-source-expected-bucket-owner`: who must own the bucket that a copy reads from.
    #[must_use]
    pub fn expected_source_owner(&self) -> Option<&str> {
        self.expected_source_owner.as_deref()
    }

    /// The query.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }
}
