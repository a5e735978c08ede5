use store::{ObjectSummary, VersionState};
use types::{ObjectKey, Timestamp};

use super::{VersionRecord, common, v1};
use crate::ids::Version;
use ::record::{Malformed, Reader};

/// Reads of a version's record only what a listing shows.
pub(crate) fn summarize(
    value: &[u8],
    key: ObjectKey,
) -> Result<(Version, Timestamp, VersionState), Malformed> {
    if value.first() != Some(&v1::OBJECT) {
        return match VersionRecord::decode(value)? {
            VersionRecord::Marker(marker) => {
                Ok((marker.version, marker.modified_at, VersionState::DeleteMarker))
            }
            VersionRecord::Object(_) => Err(Malformed),
        };
    }
    let mut reader = Reader::open(value, v1::OBJECT)?;
    let version = common::version(&mut reader)?;
    let modified_at = Timestamp::from_nanos(reader.u64()?);
    let size_bytes = reader.varint()?;
    let etag = reader.etag()?;
    let storage_class = reader.class()?;
    let checksum = reader.checksum_kind()?;
    let summary = ObjectSummary { key, etag, size_bytes, modified_at, storage_class, checksum };
    Ok((version, modified_at, VersionState::Object(summary)))
}
