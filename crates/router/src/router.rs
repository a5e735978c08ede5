use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use layers::KeySpace;
use parking_lot::Mutex;
use store::{Bucket, Missing, SharedStore, StoreError};
use tokio::sync::Semaphore;
use types::BucketName;

use crate::Home;
use crate::home::Entry;

/// Copies from one store to another that run at once; the others wait. Each holds frames of the budget at both ends while it
/// asks for more, so that too many of them would wait for each other for good.
const COPIES_MAX: usize = 8;

/// Sends each call to the store that its bucket lives in, by the name that the bucket and its keys have there.
///
/// A bucket of the store of all others that a home is made of is reached through that home alone: under its own name it is
/// not there.
pub struct Router {
    /// Buckets with a home of their own.
    pub(crate) homes: BTreeMap<BucketName, Entry>,
    /// Where all others live.
    pub(crate) others: Entry,
    /// Buckets of the store of all others that are somebody's and not to be reached.
    hidden: BTreeSet<BucketName>,
    /// The records of homes as they were last seen, for listings while a store does not answer.
    pub(crate) seen: Mutex<HashMap<BucketName, Bucket>>,
    /// Room for copies from one store to another.
    pub(crate) copies: Semaphore,
}

/// A call's bucket with the store that it lives in.
pub(crate) struct Place<'a> {
    pub(crate) entry: &'a Entry,
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
        let homes = homes.into_iter().map(|(name, home)| (name, Entry::new(home))).collect();
        let others = Entry::new(others);
        Self { homes, others, hidden, seen: Mutex::default(), copies: Semaphore::new(COPIES_MAX) }
    }

    /// Where a bucket lives.
    ///
    /// # Errors
    /// `Missing(Bucket)` where a home takes the bucket of that name for itself.
    pub(crate) fn home(&self, name: &BucketName) -> Result<&Entry, StoreError> {
        match self.homes.get(name) {
            Some(entry) => Ok(entry),
            None if self.is_taken(name) => {
                Err(StoreError::missing(Missing::Bucket, "find the bucket's home"))
            }
            None => Ok(&self.others),
        }
    }

    /// Whether the bucket of this name in the store of all others is hidden, or what a home of another name is made of.
    pub(crate) fn is_taken(&self, name: &BucketName) -> bool {
        let is_of = |home: &Home| {
            home.remote.as_ref() == Some(name) && Arc::ptr_eq(&home.base, &self.others.home.base)
        };
        self.hidden.contains(name) || self.homes.values().any(|entry| is_of(&entry.home))
    }

    /// Where a call on a bucket goes.
    ///
    /// # Errors
    /// As [`Router::home`].
    pub(crate) fn place<'a>(&'a self, bucket: &'a Bucket) -> Result<Place<'a>, StoreError> {
        let entry = self.home(&bucket.name)?;
        Ok(Place { entry, bucket: entry.home.inward(bucket) })
    }
}

impl Place<'_> {
    /// What the bucket is reached through, by its own keys.
    pub(crate) fn port(&self) -> &SharedStore {
        &self.entry.port
    }

    /// The keys of the bucket as its store has them.
    pub(crate) fn space(&self) -> KeySpace<'_> {
        self.entry.home.space()
    }

    /// The store of both, where it can copy between the two itself.
    pub(crate) fn shared_store(&self, other: &Place<'_>) -> Option<&SharedStore> {
        let (store, others) = (&self.entry.home.store, &other.entry.home.store);
        Arc::ptr_eq(store, others).then_some(store)
    }
}
