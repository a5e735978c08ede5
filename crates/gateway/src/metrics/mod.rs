//! What the listener counts, and the page that shows it beside what other rooms count.

mod connections;
mod page;
mod process;
mod reading;
mod requests;

pub(crate) use connections::ConnectionStats;
pub(crate) use page::MetricsPage;
pub use reading::{Reading, ReadingValue, Source};
pub(crate) use requests::Metrics;
