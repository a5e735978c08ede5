mod body;
mod layer;
mod writes;

pub use layer::{Quota, QuotaOptions, QuotaStats};
