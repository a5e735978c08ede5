/// How a store does a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Wholly, as S3 does.
    Yes,
    /// Wholly, by what Sluice adds to the service that holds the data; how.
    Supplied(&'static str),
    /// Not at all, and why; asking for it is `Unsupported` with this reason.
    No(&'static str),
}

impl Support {
    /// Whether the store does it.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes | Self::Supplied(_))
    }
}

/// What a store can do, honestly. The compatibility page and the admin listener are generated from it, and the
/// conformance suite holds the store to it: what is `Yes` works, what is `No` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Conditions on put and complete are atomic.
    pub conditional_put: Support,
    /// Conditions on copies are atomic.
    pub conditional_copy: Support,
    /// Conditions on delete are atomic.
    pub conditional_delete: Support,
    /// Versions are kept once enabled.
    pub versioning: Support,
    /// Uploads in parts.
    pub multipart: Support,
    /// Listings come in byte order of keys.
    pub ordered_listing: Support,
    /// Headers and user metadata are kept as sent.
    pub metadata: Support,
    /// Tags of objects.
    pub object_tags: Support,
    /// Copies inside the store, without the bytes passing through the caller.
    pub copy: Support,
    /// Checksums of every algorithm are kept with the object. They are verified in any case.
    pub checksums: Support,
    /// Every legal key can be stored, byte for byte.
    pub any_key: Support,
    /// Metadata that no HTTP header can bear (other scripts in names, spaces at the ends of values) are kept too.
    pub any_metadata: Support,
    /// Labels of every storage class are kept.
    pub storage_classes: Support,
    /// Tags of buckets.
    pub bucket_tags: Support,
    /// An open object stays readable as it was after it has been replaced or removed. Without it the rest of such a read
    /// fails; it never gives other bytes.
    pub open_outlives_overwrite: Support,
    /// What a write tells as its time is what the object then shows. Without it the two may differ by a little.
    pub exact_times: Support,
    /// An identity that a layer above supplies is kept.
    pub supplied_identity: Support,
    /// Every object in parts tells the numbers and sizes of them all; else only one part at a time is found by its number.
    pub part_listing: Support,
    /// A completion that is repeated answers as the first did.
    pub repeated_completion: Support,
    /// A record of a bucket that was removed never reaches one that was made again under its name.
    pub bucket_identity: Support,
    /// The removal of a bucket and writes into it exclude each other.
    pub exclusive_bucket_removal: Support,
}

impl Capabilities {
    /// A store that does everything.
    pub const ALL: Self = Self {
        conditional_put: Support::Yes,
        conditional_copy: Support::Yes,
        conditional_delete: Support::Yes,
        versioning: Support::Yes,
        multipart: Support::Yes,
        ordered_listing: Support::Yes,
        metadata: Support::Yes,
        object_tags: Support::Yes,
        copy: Support::Yes,
        checksums: Support::Yes,
        any_key: Support::Yes,
        any_metadata: Support::Yes,
        storage_classes: Support::Yes,
        bucket_tags: Support::Yes,
        open_outlives_overwrite: Support::Yes,
        exact_times: Support::Yes,
        supplied_identity: Support::Yes,
        part_listing: Support::Yes,
        repeated_completion: Support::Yes,
        bucket_identity: Support::Yes,
        exclusive_bucket_removal: Support::Yes,
    };

    /// Every capability with its name, in the order of the fields: for tables shown to users.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, Support); 21] {
        let Self {
            conditional_put,
            conditional_copy,
            conditional_delete,
            versioning,
            multipart,
            ordered_listing,
            metadata,
            object_tags,
            copy,
            checksums,
            any_key,
            any_metadata,
            storage_classes,
            bucket_tags,
            open_outlives_overwrite,
            exact_times,
            supplied_identity,
            part_listing,
            repeated_completion,
            bucket_identity,
            exclusive_bucket_removal,
        } = *self;
        [
            ("conditional_put", conditional_put),
            ("conditional_copy", conditional_copy),
            ("conditional_delete", conditional_delete),
            ("versioning", versioning),
            ("multipart", multipart),
            ("ordered_listing", ordered_listing),
            ("metadata", metadata),
            ("object_tags", object_tags),
            ("copy", copy),
            ("checksums", checksums),
            ("any_key", any_key),
            ("any_metadata", any_metadata),
            ("storage_classes", storage_classes),
            ("bucket_tags", bucket_tags),
            ("open_outlives_overwrite", open_outlives_overwrite),
            ("exact_times", exact_times),
            ("supplied_identity", supplied_identity),
            ("part_listing", part_listing),
            ("repeated_completion", repeated_completion),
            ("bucket_identity", bucket_identity),
            ("exclusive_bucket_removal", exclusive_bucket_removal),
        ]
    }
}
