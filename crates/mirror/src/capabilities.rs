use store::{Bucket, Capabilities, Support};

use crate::core::Core;

/// How a mirror does what it decides itself.
const OWN: Support = Support::Supplied("decided by the mirror under its own lock");

impl Core {
    /// What all targets can do, and what the mirror does itself, being their only writer.
    pub(crate) fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        let mut all = Capabilities::ALL;
        for target in &self.targets {
            all = meet(all, target.store.capabilities(bucket));
        }
        Capabilities {
            conditional_put: OWN,
            conditional_copy: OWN,
            conditional_delete: OWN,
            exact_times: OWN,
            repeated_completion: OWN,
            bucket_identity: OWN,
            exclusive_bucket_removal: OWN,
            ..all
        }
    }
}

/// What both can do: the weaker answer of each pair.
fn meet(one: Capabilities, other: Capabilities) -> Capabilities {
    let weaker = |one: Support, other: Support| match (one, other) {
        (Support::No(_), _) => one,
        (_, Support::No(_)) => other,
        (Support::Supplied(_), _) => one,
        (Support::Yes, other) => other,
    };
    Capabilities {
        conditional_put: weaker(one.conditional_put, other.conditional_put),
        conditional_copy: weaker(one.conditional_copy, other.conditional_copy),
        conditional_delete: weaker(one.conditional_delete, other.conditional_delete),
        versioning: weaker(one.versioning, other.versioning),
        multipart: weaker(one.multipart, other.multipart),
        ordered_listing: weaker(one.ordered_listing, other.ordered_listing),
        metadata: weaker(one.metadata, other.metadata),
        object_tags: weaker(one.object_tags, other.object_tags),
        copy: weaker(one.copy, other.copy),
        checksums: weaker(one.checksums, other.checksums),
        any_key: weaker(one.any_key, other.any_key),
        any_metadata: weaker(one.any_metadata, other.any_metadata),
        storage_classes: weaker(one.storage_classes, other.storage_classes),
        bucket_tags: weaker(one.bucket_tags, other.bucket_tags),
        open_outlives_overwrite: weaker(one.open_outlives_overwrite, other.open_outlives_overwrite),
        exact_times: weaker(one.exact_times, other.exact_times),
        supplied_identity: weaker(one.supplied_identity, other.supplied_identity),
        part_listing: weaker(one.part_listing, other.part_listing),
        repeated_completion: weaker(one.repeated_completion, other.repeated_completion),
        bucket_identity: weaker(one.bucket_identity, other.bucket_identity),
        exclusive_bucket_removal: weaker(one.exclusive_bucket_removal, other.exclusive_bucket_removal),
    }
}
