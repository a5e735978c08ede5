//! Bounds that belong to S3's meaning. Source: "Amazon S3 multipart upload limits". Bounds on what a request may say
//! stand in `s3_model::limits`.

/// The largest object, in bytes, unless the settings say otherwise: 50 TB.
pub const OBJECT_MAX_BYTES: u64 = 50_000_000_000_000;

/// The largest part, in bytes: 5 GiB.
pub const PART_MAX_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The smallest part but the last, in bytes: 5 MiB. The store refuses smaller ones; here it stands for the message.
pub const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;

/// How often a copy is tried when its source changes between the look at it and the copy.
pub const COPY_ATTEMPTS: usize = 4;

/// How many bucket records one step of ListBuckets reads.
pub const BUCKET_STEP: usize = 1_000;

/// After how many seconds a client may come again when the store is unavailable for now.
pub const RETRY_AFTER_SECS: u32 = 1;
