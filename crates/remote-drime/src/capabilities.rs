use store::{Capabilities, Support};

use crate::options::Conditional;

/// Why conditions are refused.
pub(crate) const CONDITIONS: &str = "the drive has no conditional writes; conditional = \"exclusive\" makes them atomic among this Sluice's writers";
/// Why versioning is refused.
pub(crate) const VERSIONING: &str = "the drive keeps no versions of a file";
const BESIDE: &str =
    "metadata, tags, ETags and checksums are kept in the state directory, by the file's id and size";
const OPEN: &str = "the drive removes a file's bytes when the file is replaced or deleted";

/// What the store can do.
pub(crate) fn capabilities(conditional: Conditional) -> Capabilities {
    let condition = match conditional {
        Conditional::Exclusive => Support::Supplied(
            "conditions are decided among the writers of this server, which is the only one that writes",
        ),
        Conditional::Refuse => Support::No(CONDITIONS),
    };
    Capabilities {
        conditional_put: condition,
        conditional_copy: condition,
        conditional_delete: condition,
        versioning: Support::No(VERSIONING),
        ordered_listing: Support::Supplied("the drive promises no order of a listing; Sluice sorts it"),
        metadata: Support::Supplied(BESIDE),
        object_tags: Support::Supplied(BESIDE),
        checksums: Support::Supplied(BESIDE),
        bucket_tags: Support::Supplied("tags and owners of buckets are kept in the state directory"),
        any_key: Support::Supplied("names that the drive cannot hold are encoded"),
        open_outlives_overwrite: Support::No(OPEN),
        ..Capabilities::ALL
    }
}
