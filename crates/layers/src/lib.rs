//! Light layers: wrappers of a store that keep nothing of it.
//!
//! Knows: the store port, and what each layer adds on every path through it.
//! Does not know: any one store, HTTP, each other.

mod observe;

pub use observe::{Observe, ObserveStats, OperationStats, StoreOperation};
