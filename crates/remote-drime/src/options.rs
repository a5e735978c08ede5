use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use remote::{Client, Ledger};
use types::{Budget, Clock, Owner, Random};

use crate::api::CALLS_PER_MINUTE;

/// What the buckets are on the drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Root {
    /// Each top-level folder is one.
    #[default]
    Buckets,
    /// There is one, `default`: the whole account.
    Default,
}

/// Whether conditions of writes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Conditional {
    /// They are refused: the drive knows none.
    #[default]
    Refuse,
    /// They are atomic among the writers of this store. Right where nobody else writes to the drive.
    Exclusive,
}

/// Sizes that seldom need another value.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Calls a minute that the account may make, until the service says otherwise.
    pub calls_per_minute: u32,
    /// Up to this size an object is taken whole and goes up in one call, so that it can be sent again; the service takes
    /// 5 MiB.
    pub small_max_bytes: u64,
    /// The size of the parts that a larger object goes up in.
    pub part_bytes: u64,
    /// The smallest part but the last that a client may send.
    pub part_min_bytes: u64,
    /// How often a body that breaks off is gone on with where it was.
    pub read_attempts: u32,
    /// The pause before the drive is looked at again after a lost answer; doubled each time.
    pub look_pause: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            calls_per_minute: CALLS_PER_MINUTE,
            small_max_bytes: 5 * 1024 * 1024,
            part_bytes: 64 * 1024 * 1024,
            part_min_bytes: 5 * 1024 * 1024,
            read_attempts: 4,
            look_pause: Duration::from_millis(300),
        }
    }
}

/// What a [`crate::DrimeStore`] is made of.
#[derive(Clone)]
pub struct DrimeOptions {
    /// The base of the API, such as `https://app.drime.cloud/api/v1`.
    pub endpoint: String,
    /// The account's token.
    pub token: String,
    /// The workspace; 0 is the personal one.
    pub workspace: u64,
    /// What the buckets are.
    pub root: Root,
    /// Whether conditions are taken.
    pub conditional: Conditional,
    /// What sends.
    pub client: Client,
    /// Where what the drive has no room for is kept.
    pub ledger: Ledger,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub random: Arc<dyn Random>,
    /// What objects that are taken whole count in.
    pub budget: Budget,
    /// Who owns buckets of which no owner is recorded.
    pub root_owner: Owner,
    /// Sizes.
    pub tuning: Tuning,
}

impl fmt::Debug for DrimeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DrimeOptions")
            .field("endpoint", &self.endpoint)
            .field("workspace", &self.workspace)
            .field("root", &self.root)
            .field("conditional", &self.conditional)
            .finish_non_exhaustive()
    }
}
