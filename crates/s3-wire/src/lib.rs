//! S3 on paper: routes, headers, XML, `aws-chunked` framing, upload forms.
//!
//! Knows: how each request of S3 is written and read, how each answer and error is written.
//! Does not know: stores, clocks, sockets, who may do what.

mod addressing;
mod checksum;
pub mod chunked;
mod copy_source;
mod date;
mod decode;
mod encode;
mod fields;
pub mod form;
mod percent;
mod query;
mod reply;
mod route;
mod routed;
mod token;
mod xml;

pub use addressing::Addressing;
pub use checksum::{algorithm_of_header, checksum_header, checksum_trailer};
pub use date::{http_date, parse_http_date, parse_iso_date};
pub use decode::{body_digests, decode, decode_post};
pub use encode::{ErrorContext, encode, encode_error};
pub use query::Query;
pub use reply::{Reply, ReplyBody, Scheme};
pub use route::route;
pub use routed::{AddressingStyle, CopySourceName, Routed};
