/// How a store does a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Wholly, as S3 does.
    Yes,
    /// Not at all, and why; asking for it is `Unsupported` with this reason.
    No(&'static str),
}

impl Support {
    /// Whether the store does it.
    #[must_use]
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// What a store can do, honestly. The compatibility page and the admin listener are generated from it, and the
/// conformance suite holds the store to it: what is `Yes` works, what is `No` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Conditions on put, copy and complete are atomic.
    pub conditional_put: Support,
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
    /// Checksums are verified and kept.
    pub checksums: Support,
    /// Every legal key can be stored, byte for byte.
    pub any_key: Support,
}

impl Capabilities {
    /// A store that does everything.
    pub const ALL: Self = Self {
        conditional_put: Support::Yes,
        conditional_delete: Support::Yes,
        versioning: Support::Yes,
        multipart: Support::Yes,
        ordered_listing: Support::Yes,
        metadata: Support::Yes,
        object_tags: Support::Yes,
        copy: Support::Yes,
        checksums: Support::Yes,
        any_key: Support::Yes,
    };
}
