mod body;
mod layer;
mod stats;
mod store;

pub use layer::Observe;
pub use stats::{ObserveStats, OperationStats, StoreOperation};
