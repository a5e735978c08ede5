use std::num::NonZeroU8;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use meta::MetaStore;
use store::{Bucket, Layer, SharedStore, Slot, StoreError, StoreErrorKind};
use types::{Budget, Clock, Context, Random};

use super::core::Core;
use super::rewrap::{RewrapEvent, RewrapReport};
use super::store_impl::Encrypted;
use crate::format::Algorithm;
use crate::keys::KeyService;

use crate::stats::CryptStats;

/// What becomes of objects that were not encrypted by Sluice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Foreign {
    /// They are listed as they are and can be deleted; opening one is `Forbidden`.
    #[default]
    Refuse,
    /// They are handed out as they are.
    Pass,
}

/// How keys of objects are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// As they are.
    #[default]
    Plain,
    /// Encrypted, folder by folder.
    Encrypted,
}

/// How a store is encrypted.
#[derive(Clone)]
pub struct CryptOptions {
    /// Where the outermost keys are.
    pub keys: Arc<dyn KeyService>,
    /// How new objects are sealed; all algorithms are read.
    pub algorithm: Algorithm,
    /// What becomes of objects that were not encrypted by Sluice.
    pub foreign: Foreign,
    /// How keys of objects are stored. A bucket keeps the way in which it was begun.
    pub names: Names,
    /// Which crypt layer of a stack this is: 1 is the one nearest to the storage. Layers of one level would take each
    /// other's reserved names.
    pub level: NonZeroU8,
    /// The smallest part but the last that the store beneath accepts, in bytes. A smaller part is filled up to it, because
    /// the part table comes behind the last one.
    pub part_min_bytes: u64,
    /// What is shown of objects, and unfinished uploads: a metadata store of this layer's own.
    pub index: Arc<dyn MetaStore>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Keys, ids and nonces are drawn from it: it must be unpredictable.
    pub random: Arc<dyn Random>,
    /// The memory that bodies may hold.
    pub budget: Budget,
}

/// The smallest part but the last of S3. Source: "Amazon S3 multipart upload limits".
pub const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;

/// Encryption as a layer: one value for each place where it is configured. Cloning shares it.
#[derive(Clone)]
pub struct Crypt(Arc<Shared>);

struct Shared {
    options: CryptOptions,
    stats: Arc<CryptStats>,
    wrapped: Mutex<Weak<Core>>,
}

impl Crypt {
    /// A layer with these options.
    #[must_use]
    pub fn new(options: CryptOptions) -> Self {
        Self(Arc::new(Shared { options, stats: Arc::default(), wrapped: Mutex::default() }))
    }

    /// What it has done.
    #[must_use]
    pub fn stats(&self) -> &Arc<CryptStats> {
        &self.0.stats
    }

    /// Wraps the epoch keys of a bucket, of the store that this value was wrapped around last, with the primary key. No
    /// object is touched: it costs a few requests for each epoch key. Begun again, it goes on where it was.
    ///
    /// # Errors
    /// Failures of the store, and of whatever keeps the keys. What was done before stays done. An epoch key that cannot be opened
    /// is no error: it is in the report, and the key that wraps it must stay.
    ///
    /// # Cancel safety
    /// Each epoch key is wrapped the old way or the new one.
    pub async fn rewrap(
        &self,
        cx: &Context,
        bucket: &Bucket,
        events: &mut (dyn FnMut(RewrapEvent) + Send),
    ) -> Result<RewrapReport, StoreError> {
        let wrapped = self.0.wrapped.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let core = wrapped.ok_or_else(|| StoreError::new(StoreErrorKind::Internal, "rewrap"))?;
        core.rewrap(cx, bucket, events).await
    }
}

impl Layer for Crypt {
    fn name(&self) -> &'static str {
        "crypt"
    }

    fn slot(&self) -> Slot {
        Slot::Protect
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        let core = Arc::new(Core::new(inner, self.0.options.clone(), self.0.stats.clone()));
        *self.0.wrapped.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&core);
        Arc::new(Encrypted(core))
    }
}
