use std::collections::HashMap;

use iam::AnonymousAccess;
use types::BucketName;

use crate::limits::OBJECT_MAX_BYTES;

/// The region that stands in answers where none is set.
pub const DEFAULT_REGION: &str = "us-east-1";

/// Whether a bucket can be deleted over S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deletion {
    /// By who may do it.
    #[default]
    Allowed,
    /// By nobody: the bucket stands in the configuration.
    Pinned,
}

/// What the configuration says of one bucket, or of all that it does not name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketSettings {
    /// What everybody may do without a key.
    pub anonymous: AnonymousAccess,
    /// Whether it can be deleted over S3.
    pub deletion: Deletion,
    /// The `Cache-Control` in answers about objects that were stored without one.
    pub default_cache_control: Option<String>,
}

/// What the configuration says of S3's meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSettings {
    /// The one region of this server. Unset, every region is taken and [`DEFAULT_REGION`] is shown.
    pub region: Option<String>,
    /// The largest object, in bytes.
    pub max_object_size_bytes: u64,
    /// Buckets that the configuration names.
    pub buckets: HashMap<BucketName, BucketSettings>,
    /// All other buckets.
    pub other_buckets: BucketSettings,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            region: None,
            max_object_size_bytes: OBJECT_MAX_BYTES,
            buckets: HashMap::new(),
            other_buckets: BucketSettings::default(),
        }
    }
}

impl ServiceSettings {
    /// The region that stands in answers.
    #[must_use]
    pub fn shown_region(&self) -> &str {
        self.region.as_deref().unwrap_or(DEFAULT_REGION)
    }

    /// What is said of a bucket.
    #[must_use]
    pub fn bucket(&self, name: &BucketName) -> &BucketSettings {
        self.buckets.get(name).unwrap_or(&self.other_buckets)
    }
}
