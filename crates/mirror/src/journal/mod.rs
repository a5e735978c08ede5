//! The journal: what was begun, what each target owes, and what is shown of every key, over a metadata engine.
//! `docs/format/mirror.md` shows its bytes.

pub(crate) mod buckets;
mod debts;
mod encode;
#[cfg(test)]
mod golden;
pub(crate) mod keys;
mod objects;
pub(crate) mod record;
mod retire;
mod rows;
mod targets;
pub(crate) mod uploads;
mod window;

use std::sync::Arc;

use meta::MetaStore;

pub(crate) use debts::{DebtCounts, OwedKey};
pub(crate) use objects::{KeyPlace, ListedKey, ListedVersion};
pub(crate) use record::{
    AbortRecord, BucketDebt, BucketRecord, CopyAt, CopyState, Coverage, Current, Debt, Facts, FinishedRecord,
    Held, Intent, KeyState, Member, Origin, PartRecord, Plan, Sequence, Stray, UploadNumber, UploadRecord,
    Version, What, parse_version_id,
};
pub(crate) use targets::write_cursor;

/// The journal of one mirror, which alone writes to its engine. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Journal {
    meta: Arc<dyn MetaStore>,
    counts: Arc<DebtCounts>,
}
