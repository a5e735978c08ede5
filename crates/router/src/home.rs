use std::borrow::Cow;

use layers::{KeySpace, Prefix};
use store::{Bucket, Layer, SharedStore};
use types::{BucketName, Owner};

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
}

/// A home with the port that its bucket is reached through: the store, or the part of it below the prefix.
pub(crate) struct Entry {
    pub(crate) home: Home,
    pub(crate) port: SharedStore,
}

impl Entry {
    pub(crate) fn new(home: Home) -> Self {
        let port = match &home.prefix {
            Some(prefix) if !prefix.is_empty() => Prefix::below(prefix).wrap(home.store.clone()),
            _ => home.store.clone(),
        };
        Self { home, port }
    }
}
