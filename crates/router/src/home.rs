use std::borrow::Cow;

use store::{Bucket, SharedStore, Support};
use types::{BucketName, Owner};

use crate::space::KeySpace;

/// Why a bucket that is a part of another one keeps the settings that the other one has.
pub(crate) const PART_OF_ANOTHER: &str = "this bucket is the part below a prefix of another bucket in its store, and the setting would be that of the whole";

/// Where a bucket lives.
#[derive(Clone)]
pub struct Home {
    /// The store, with the layers that are this bucket's own.
    pub store: SharedStore,
    /// The store without those layers: homes on one base are buckets of one store.
    pub base: SharedStore,
    /// The bucket's name there; the same name where none is given.
    pub remote: Option<BucketName>,
    /// What all its keys begin with there; such a bucket is a part of the one in the store.
    pub prefix: Option<String>,
    /// Who owns it, whatever the store has recorded.
    pub owner: Option<Owner>,
}

impl Home {
    /// A bucket of the same name and the same keys in `store`, owned by whom the store says.
    #[must_use]
    pub fn new(store: SharedStore) -> Self {
        Self { base: store.clone(), store, remote: None, prefix: None, owner: None }
    }

    /// The keys of the bucket as its store has them.
    pub(crate) fn space(&self) -> KeySpace<'_> {
        KeySpace::below(self.prefix.as_deref().unwrap_or(""))
    }

    /// Whether the bucket is only a part of the one in the store.
    pub(crate) fn is_part(&self) -> bool {
        !self.space().is_whole()
    }

    /// The bucket's name in the store.
    pub(crate) fn remote_name<'a>(&'a self, name: &'a BucketName) -> &'a BucketName {
        self.remote.as_ref().unwrap_or(name)
    }

    /// A record of ours as the store knows it.
    pub(crate) fn inward<'a>(&self, bucket: &'a Bucket) -> Cow<'a, Bucket> {
        match &self.remote {
            Some(remote) => Cow::Owned(Bucket { name: remote.clone(), ..bucket.clone() }),
            None => Cow::Borrowed(bucket),
        }
    }

    /// A record of the store's as our callers know it.
    pub(crate) fn outward(&self, name: &BucketName, bucket: Bucket) -> Bucket {
        let owner = self.owner.clone().unwrap_or(bucket.owner);
        Bucket { name: name.clone(), owner, ..bucket }
    }

    /// What the store can do here; what is the whole bucket's alone is not for a part of it.
    pub(crate) fn capabilities(&self, bucket: &Bucket) -> store::Capabilities {
        let mut capabilities = self.store.capabilities(&self.inward(bucket));
        if self.is_part() {
            if bucket.versioning == store::Versioning::Off {
                capabilities.versioning = Support::No(PART_OF_ANOTHER);
            }
            capabilities.bucket_tags = Support::No(PART_OF_ANOTHER);
            if capabilities.any_key.is_yes() {
                capabilities.any_key = Support::No(crate::space::TOO_LONG);
            }
        }
        capabilities
    }
}
