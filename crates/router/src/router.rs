use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use store::{Bucket, Missing, SharedStore, StoreError};
use tokio::sync::Semaphore;
use types::{BucketName, ObjectKey};

use crate::Home;

/// Copies from one store to another that run at once; the others wait. Each holds frames of the budget at both ends while it
/// asks for more, so that too many of them would wait for each other for good.
const COPIES_MAX: usize = 8;

/// Sends each call to the store that its bucket lives in, by the name that the bucket and its keys have there.
///
/// A bucket of the store of all others that a home is made of is reached through that home alone: under its own name it is
/// not there.
pub struct Router {
    /// Buckets with a home of their own.
    pub(crate) homes: BTreeMap<BucketName, Home>,
    /// Where all others live.
    pub(crate) others: Home,
    /// Buckets of the store of all others that are somebody's and not to be reached.
    hidden: BTreeSet<BucketName>,
    /// The records of homes as they were last seen, for listings while a store does not answer.
    pub(crate) seen: Mutex<HashMap<BucketName, Bucket>>,
    /// Room for copies from one store to another.
    pub(crate) copies: Semaphore,
}

/// A call's bucket with the store that it lives in.
pub(crate) struct Place<'a> {
    pub(crate) home: &'a Home,
    pub(crate) bucket: std::borrow::Cow<'a, Bucket>,
}

impl Router {
    /// A router over `homes`; `others` is where every other bucket lives.
    #[must_use]
    pub fn new(homes: BTreeMap<BucketName, Home>, others: SharedStore) -> Self {
        Self::hiding(BTreeSet::new(), homes, Home::new(others))
    }

    /// As [`Router::new`]; the buckets of the store of all others that are `hidden` are not there for anybody.
    #[must_use]
    pub fn hiding(hidden: BTreeSet<BucketName>, homes: BTreeMap<BucketName, Home>, others: Home) -> Self {
        Self { homes, others, hidden, seen: Mutex::default(), copies: Semaphore::new(COPIES_MAX) }
    }

    /// Where a bucket lives.
    ///
    /// # Errors
    /// `Missing(Bucket)` where a home takes the bucket of that name for itself.
    pub(crate) fn home(&self, name: &BucketName) -> Result<&Home, StoreError> {
        match self.homes.get(name) {
            Some(home) => Ok(home),
            None if self.is_taken(name) => {
                Err(StoreError::missing(Missing::Bucket, "find the bucket's home"))
            }
            None => Ok(&self.others),
        }
    }

    /// Whether the bucket of this name in the store of all others is hidden, or what a home of another name is made of.
    pub(crate) fn is_taken(&self, name: &BucketName) -> bool {
        let is_of =
            |home: &Home| home.remote.as_ref() == Some(name) && Arc::ptr_eq(&home.base, &self.others.base);
        self.hidden.contains(name) || self.homes.values().any(is_of)
    }

    /// Where a call on a bucket goes.
    ///
    /// # Errors
    /// As [`Router::home`].
    pub(crate) fn place<'a>(&'a self, bucket: &'a Bucket) -> Result<Place<'a>, StoreError> {
        let home = self.home(&bucket.name)?;
        Ok(Place { home, bucket: home.inward(bucket) })
    }
}

impl Place<'_> {
    pub(crate) fn store(&self) -> &SharedStore {
        &self.home.store
    }

    pub(crate) fn to_find(&self, key: &ObjectKey) -> Result<ObjectKey, StoreError> {
        self.home.space().to_find(key)
    }

    pub(crate) fn to_write(&self, key: &ObjectKey) -> Result<ObjectKey, StoreError> {
        self.home.space().to_write(key)
    }

    /// Whether the store itself can copy between the two.
    pub(crate) fn is_with(&self, other: &Place<'_>) -> bool {
        Arc::ptr_eq(self.store(), other.store())
    }
}
