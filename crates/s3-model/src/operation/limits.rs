//! How large a request's document may be, in bytes.

/// A document of a handful of elements: CreateBucket, PutBucketVersioning.
pub const SMALL_DOCUMENT_MAX_BYTES: usize = 64 * 1024;
/// A tag set: 50 tags of 128 and 256 characters at four bytes each, escaped, with room for white space.
pub const TAGGING_DOCUMENT_MAX_BYTES: usize = 512 * 1024;
/// Any other setting; S3's own largest is a lifecycle of 1,000 rules.
pub const SETTING_DOCUMENT_MAX_BYTES: usize = 1024 * 1024;
/// DeleteObjects; S3's own limit.
pub const DELETE_DOCUMENT_MAX_BYTES: usize = 2 * 1024 * 1024;
/// CompleteMultipartUpload: 10,000 parts, each with an ETag and a SHA-512, indented.
pub const COMPLETE_DOCUMENT_MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most keys in one DeleteObjects.
pub const DELETE_MAX_KEYS: usize = 1000;
/// The most parts of one upload.
pub const PARTS_MAX: u32 = 10_000;
/// The most entries in one page of a listing.
pub const PAGE_MAX_ENTRIES: u32 = 1000;
/// The most buckets in one page of ListBuckets.
pub const BUCKET_PAGE_MAX: u32 = 10_000;
/// User metadata: names and values together.
pub const USER_METADATA_MAX_BYTES: usize = 2 * 1024;
