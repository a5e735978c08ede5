//! What is known about objects: in memory, and for the current object of a key on disk too.

mod record;
mod recorded;
mod table;

use std::sync::atomic::{AtomicU64, Ordering};

use store::{Bucket, Missing, ObjectInfo, OpenOptions, StoreError, StoreErrorKind};
use types::{Timestamp, VersionId};

pub(crate) use self::record::{BucketRecord, ObjectRecord};
pub(crate) use self::recorded::Recorded;
pub(crate) use self::table::{Place, Table};
use crate::object::Naming;

/// What the store said about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectState {
    /// The object.
    pub(crate) info: ObjectInfo,
    /// Whether that is all: a store that is asked for a range need not tell the checksum of the whole.
    pub(crate) is_complete: bool,
    /// When the store was asked.
    pub(crate) seen_at: Timestamp,
    /// When the store was asked about what the record on disk says, where there is one.
    pub(crate) recorded_at: Option<Timestamp>,
    /// Whether a write has failed since, so that it may hold no more: it is not believed before the store says so again.
    pub(crate) is_doubtful: bool,
    /// What is cached of it.
    pub(crate) naming: Naming,
    /// Its record on disk.
    pub(crate) recorded: Recorded,
}

/// What the store said about a bucket.
#[derive(Debug)]
pub(crate) struct KnownBucket {
    pub(crate) bucket: Bucket,
    /// When the store was asked last, in nanoseconds of a [`Timestamp`].
    seen_at: AtomicU64,
    /// Whether a change of it has failed since, so that it may be another: it is not believed before the store says so again.
    pub(crate) is_doubtful: bool,
    /// Its record on disk.
    pub(crate) recorded: Recorded,
}

impl KnownBucket {
    pub(crate) fn new(bucket: Bucket, seen_at: Timestamp) -> Self {
        let (is_doubtful, recorded) = (false, Recorded::default());
        Self { bucket, seen_at: seen_at.as_nanos().into(), is_doubtful, recorded }
    }

    /// As it is known, in doubt and without a record.
    pub(crate) fn in_doubt(&self) -> Self {
        Self { is_doubtful: true, ..Self::new(self.bucket.clone(), self.seen_at()) }
    }

    pub(crate) fn seen_at(&self) -> Timestamp {
        Timestamp::from_nanos(self.seen_at.load(Ordering::Relaxed))
    }

    /// The store has said the same again.
    pub(crate) fn seen_again(&self, seen_at: Timestamp) {
        self.seen_at.store(seen_at.as_nanos(), Ordering::Relaxed);
    }
}

/// Why there is no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Absence {
    /// There is no such key, or nothing under it.
    Key,
    /// There is no such version of it.
    Version,
    /// There is a delete marker.
    Marker { version_id: VersionId, named: bool, modified_at: Timestamp },
}

impl Absence {
    /// The absence that an error tells; `None` for other errors.
    pub(crate) fn of(error: &StoreError) -> Option<Self> {
        match &error.kind {
            StoreErrorKind::Missing(Missing::Key) => Some(Self::Key),
            StoreErrorKind::Missing(Missing::Version) => Some(Self::Version),
            StoreErrorKind::DeleteMarker { version_id, named, modified_at } => Some(Self::Marker {
                version_id: version_id.clone(),
                named: *named,
                modified_at: *modified_at,
            }),
            _ => None,
        }
    }

    /// The error that tells it.
    pub(crate) fn error(&self) -> StoreError {
        let kind = match self.clone() {
            Self::Key => StoreErrorKind::Missing(Missing::Key),
            Self::Version => StoreErrorKind::Missing(Missing::Version),
            Self::Marker { version_id, named, modified_at } => {
                StoreErrorKind::DeleteMarker { version_id, named, modified_at }
            }
        };
        StoreError::new(kind, "find object")
    }
}

/// What is known about what a name stands for.
#[derive(Debug, Clone)]
pub(crate) enum Known {
    /// An object.
    Object(std::sync::Arc<ObjectState>),
    /// None.
    Absent(Absence, Timestamp),
}

/// What of a key is asked for: the current object or a version, whole or by one of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) version_id: Option<VersionId>,
    pub(crate) part_number: Option<u32>,
}

impl Variant {
    /// The current object.
    pub(crate) const CURRENT: Self = Self { version_id: None, part_number: None };

    pub(crate) fn of(options: &OpenOptions) -> Self {
        Self { version_id: options.version_id.clone(), part_number: options.part_number }
    }

    pub(crate) fn is_current(&self) -> bool {
        *self == Self::CURRENT
    }
}
