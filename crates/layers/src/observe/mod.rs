mod body;
mod layer;
mod stats;

pub use layer::Observe;
pub use stats::{ObserveStats, OperationStats};
