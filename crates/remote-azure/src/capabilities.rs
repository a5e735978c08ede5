use store::{Capabilities, Support};

/// What the store can do, in any bucket.
pub(crate) const CAPABILITIES: Capabilities = Capabilities {
    versioning: Support::No(VERSIONING),
    multipart: Support::Supplied(
        "parts are staged as blobs of a container of their own, so that two uploads to one key never mix",
    ),
    checksums: Support::Supplied("checksums are kept in the blob's metadata, or in the state directory"),
    bucket_tags: Support::Supplied("tags and owners of buckets are kept in the state directory"),
    any_key: Support::No(
        "Azure has no control characters in blob names and changes segments that end in a dot",
    ),
    open_outlives_overwrite: Support::No(
        "a blob that is replaced is gone, so the rest of a read that began before fails",
    ),
    ..Capabilities::ALL
};

/// Why versions are refused.
pub(crate) const VERSIONING: &str = "Azure keeps versions for a whole account or not at all, and has neither delete markers nor null versions";
