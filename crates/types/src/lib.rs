//! The small nouns that every room shares: names, keys, entity tags, versions, checksums, ranges, bodies.
//!
//! Knows: how each noun is written, what makes it valid, how it compares.
//! Does not know: any I/O, HTTP, XML, or an S3 error code.

mod body;
mod bucket_name;
mod budget;
mod ceiling;
mod checksum;
mod clock;
mod context;
mod etag;
mod expected;
mod key;
mod metadata;
mod notes;
mod owner;
mod range;
mod stats;
mod tags;
mod version_id;

pub use body::{Body, BodyError, BodyErrorKind, BodyStream, Frame};
pub use bucket_name::{BucketName, InvalidBucketName};
pub use budget::{
    Budget, FRAME_ALIGN_BYTES, FRAME_MAX_BYTES, FRAME_MIN_BYTES, FrameBuffer, Passage, Reservation,
};
pub use ceiling::Ceiling;
pub use checksum::{Checksum, ChecksumAlgorithm, ChecksumKind, ChecksumValue};
pub use clock::{Clock, Random, SystemClock, Timestamp};
pub use context::{Context, RequestId};
pub use etag::ETag;
pub use expected::{ExpectedChecksum, ExpectedDigests};
pub use key::{InvalidKey, KEY_MAX_BYTES, ObjectKey};
pub use metadata::{ObjectHeaders, ObjectMetadata, StorageClass, UserMetadata};
pub use notes::{CacheNote, CacheStatus, Noted, Notes, TargetOutcome};
pub use owner::{CanonicalId, Owner};
pub use range::{ByteRange, RangeSpec, UnsatisfiableRange};
pub use stats::{Counter, DurationHistogram, HISTOGRAM_BOUNDS_US, HistogramSnapshot};
pub use tags::{InvalidTags, TagSet};
pub use version_id::VersionId;
