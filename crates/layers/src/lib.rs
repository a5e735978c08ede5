//! Light layers: wrappers of a store that keep nothing of it.
//!
//! Knows: the store port, and what each layer adds on every path through it.
//! Does not know: any one store, HTTP, each other.

mod observe;
mod option_error;
mod prefix;
mod read_only;
mod wrap;

pub use observe::{Observe, ObserveStats, OperationStats};
pub use option_error::OptionError;
pub use prefix::Prefix;
pub use read_only::ReadOnly;
pub use wrap::{KeySpace, StoreOperation};
