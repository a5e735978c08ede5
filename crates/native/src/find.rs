use bytes::Bytes;
use meta::Record;
use store::{Bucket, Missing, StoreError, StoreErrorKind, Versioning};
use types::{ObjectKey, VersionId};

use crate::change::VersionName;
use crate::error::{During, contradiction};
use crate::ids::Version;
use crate::keys::{self, Family};
use crate::native::Native;
use crate::record::{KeyState, MarkerRecord, ObjectRecord, VersionRecord};

/// How often an object that keeps being replaced while it is looked at is looked at again.
const LOOKS_MAX: usize = 64;

/// An object as it was found, and where.
pub(crate) struct Found {
    /// The row that it stands in.
    pub(crate) row: Bytes,
    /// The revision of that row.
    pub(crate) revision: u64,
    /// The object.
    pub(crate) object: ObjectRecord,
}

/// Reads a version's name as a request gives it; `None` for an id that was never issued.
pub(crate) fn version_name(id: &VersionId) -> Option<VersionName> {
    match id {
        VersionId::Null => Some(VersionName::Null),
        VersionId::Id(text) => Version::from_text(text).map(VersionName::Issued),
    }
}

impl Native {
    /// Finds the current object of a key, or a version of it.
    ///
    /// # Errors
    /// `Missing(Key)`, `Missing(Version)`, `DeleteMarker`.
    pub(crate) async fn find(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        version: Option<&VersionId>,
        operation: &'static str,
    ) -> Result<Found, StoreError> {
        let Some(version) = version else { return self.find_current(bucket, key, operation).await };
        let no_version = || StoreError::missing(Missing::Version, operation);
        match version_name(version).ok_or_else(no_version)? {
            VersionName::Issued(version) => {
                let rows = [
                    keys::plain(Family::Current, bucket, key),
                    keys::version(bucket, key.as_str(), version.sequence),
                ];
                let found = self.meta.get_many(&rows).await.during(operation)?;
                for record in found.into_iter().flatten() {
                    let read = VersionRecord::decode(&record.value).during(operation)?;
                    if read.version() == version {
                        return as_object(record, read, operation);
                    }
                }
                Err(no_version())
            }
            VersionName::Null => self.find_null(bucket, key, operation).await,
        }
    }

    async fn find_current(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        operation: &'static str,
    ) -> Result<Found, StoreError> {
        let row = keys::plain(Family::Current, bucket, key);
        if let Some(record) = self.meta.get(&row).await.during(operation)? {
            return found(record, operation);
        }
        if bucket.versioning == Versioning::Off {
            return Err(StoreError::missing(Missing::Key, operation));
        }
        let state = keys::plain(Family::KeyState, bucket, key);
        let state = self.meta.get(&state).await.during(operation)?;
        let state = state.map(|record| KeyState::decode(&record.value)).transpose().during(operation)?;
        match state.and_then(|state| state.marker) {
            Some(marker) => Err(is_marker(&marker, false, operation)),
            None => Err(StoreError::missing(Missing::Key, operation)),
        }
    }

    async fn find_null(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        operation: &'static str,
    ) -> Result<Found, StoreError> {
        let rows = [keys::plain(Family::Current, bucket, key), keys::plain(Family::KeyState, bucket, key)];
        for _ in 0..LOOKS_MAX {
            let mut records = self.meta.get_many(&rows).await.during(operation)?.into_iter();
            let (current, state) = (records.next().flatten(), records.next().flatten());
            if let Some(current) = current {
                let current = found(current, operation)?;
                if current.object.version.is_null() {
                    return Ok(current);
                }
            }
            let state = state.map(|record| KeyState::decode(&record.value)).transpose().during(operation)?;
            let Some(sequence) = state.and_then(|state| state.null_sequence) else {
                return Err(StoreError::missing(Missing::Version, operation));
            };
            let row = keys::version(bucket, key.as_str(), sequence);
            // Gone where a change came between the two reads.
            if let Some(record) = self.meta.get(&row).await.during(operation)? {
                let read = VersionRecord::decode(&record.value).during(operation)?;
                return as_object(record, read, operation);
            }
        }
        Err(StoreError::new(StoreErrorKind::Unavailable, operation))
    }
}

/// Looks at an object again whose data went while they were being opened.
#[derive(Default)]
pub(crate) struct Looks {
    last: Option<(Bytes, u64)>,
    count: usize,
}

impl Looks {
    /// Notes that the data of `found` were not there.
    ///
    /// # Errors
    /// `Corrupt` where the record is unchanged since the last look: data leave in the commit that changes or removes the
    /// record, never before. `Unavailable` after too many looks.
    pub(crate) fn again(&mut self, found: Found, operation: &'static str) -> Result<(), StoreError> {
        let seen = Some((found.row, found.revision));
        if self.last == seen {
            return Err(contradiction(operation));
        }
        (self.last, self.count) = (seen, self.count + 1);
        if self.count < LOOKS_MAX {
            return Ok(());
        }
        Err(StoreError::new(StoreErrorKind::Unavailable, operation))
    }
}

fn found(record: Record, operation: &'static str) -> Result<Found, StoreError> {
    let object = ObjectRecord::decode(&record.value).during(operation)?;
    Ok(Found { row: record.key, revision: record.revision, object })
}

fn as_object(record: Record, read: VersionRecord, operation: &'static str) -> Result<Found, StoreError> {
    match read {
        VersionRecord::Object(object) => {
            Ok(Found { row: record.key, revision: record.revision, object: *object })
        }
        VersionRecord::Marker(marker) => Err(is_marker(&marker, true, operation)),
    }
}

fn is_marker(marker: &MarkerRecord, named: bool, operation: &'static str) -> StoreError {
    let (version_id, modified_at) = (marker.version.id(), marker.modified_at);
    StoreError::new(StoreErrorKind::DeleteMarker { version_id, named, modified_at }, operation)
}
