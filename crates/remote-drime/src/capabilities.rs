use store::{Capabilities, Support};

use crate::options::Conditional;

/// Why conditions are refused.
pub(crate) const CONDITIONS: &str = "the drive has no conditional writes; conditional = \"exclusive\" makes them atomic among this Sluice's writers";
/// Why versioning is refused.
pub(crate) const VERSIONING: &str = "the drive keeps no versions of a file";
const OPEN: &str = "the drive removes a file's bytes when the file is replaced or deleted";

/// What the store can do.
pub(crate) fn capabilities(conditional: Conditional) -> Capabilities {
    let condition = match conditional {
        Conditional::Exclusive => Support::Yes,
        Conditional::Refuse => Support::No(CONDITIONS),
    };
    Capabilities {
        conditional_put: condition,
        conditional_delete: condition,
        versioning: Support::No(VERSIONING),
        open_outlives_overwrite: Support::No(OPEN),
        ..Capabilities::ALL
    }
}
