//! Light layers: wrappers of a store that keep nothing of it.
//!
//! Knows: the store port, and what each layer adds on every path through it.
//! Does not know: any one store, HTTP, each other.

mod bandwidth;
mod fault;
mod limit;
mod log;
mod observe;
mod option_error;
mod pace;
mod places;
mod prefix;
mod quota;
mod read_only;
mod retry;
mod usage;
mod wrap;

pub use bandwidth::{Bandwidth, BandwidthOptions, BandwidthStats};
pub use fault::{Fault, FaultOptions, FaultStats};
pub use limit::{Limit, LimitOptions, LimitStats};
pub use log::RequestLog;
pub use observe::{Observe, ObserveStats, OperationStats};
pub use option_error::OptionError;
pub use prefix::Prefix;
pub use quota::{Quota, QuotaOptions, QuotaStats};
pub use read_only::ReadOnly;
pub use retry::{Retry, RetryOptions, RetryStats};
pub use usage::Usage;
pub use wrap::{KeySpace, StoreOperation};
