mod content;
mod layer;
mod progress;

pub use layer::{Retry, RetryOptions, RetryStats};
