//! S3 on paper: routes, headers, XML, `aws-chunked` framing, upload forms.
//!
//! Knows: how each request of S3 is written and read, how each answer and error is written.
//! Does not know: stores, clocks, sockets, who may do what.

mod addressing;
pub mod chunked;
mod copy_source;
mod percent;
mod query;
mod route;
mod routed;

pub use addressing::Addressing;
pub use query::Query;
pub use route::route;
pub use routed::{AddressingStyle, CopySourceName, Routed};
