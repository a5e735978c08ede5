use std::collections::BTreeMap;
use std::sync::Arc;

use store::SharedStore;
use types::BucketName;

/// Sends each call to the store that its bucket lives in.
pub struct Router {
    /// Buckets with a home of their own.
    pub(crate) homes: BTreeMap<BucketName, SharedStore>,
    /// Where all others live.
    pub(crate) others: SharedStore,
}

impl Router {
    /// A router over `homes`; `others` is where every other bucket lives.
    #[must_use]
    pub fn new(homes: BTreeMap<BucketName, SharedStore>, others: SharedStore) -> Self {
        Self { homes, others }
    }

    pub(crate) fn home(&self, bucket: &BucketName) -> &SharedStore {
        self.homes.get(bucket).unwrap_or(&self.others)
    }

    /// Whether two buckets live in one store, so that the store itself can copy between them.
    pub(crate) fn are_together(&self, left: &BucketName, right: &BucketName) -> bool {
        Arc::ptr_eq(self.home(left), self.home(right))
    }
}
