//! HTTP/1.1 as a client speaks it: connections, heads, bodies in both directions.

mod chunked;
mod connection;
mod download;
mod framing;
mod head;
mod pool;
mod socket;
mod stall;
mod target;
mod tls;
mod upload;

pub(crate) use connection::{Connection, Waits};
pub(crate) use download::{Download, Guard, Surroundings};
pub(crate) use framing::Framing;
pub(crate) use head::{Head, encode_head};
pub(crate) use pool::Pool;
pub(crate) use socket::connect;
pub(crate) use target::Target;
pub(crate) use tls::Trust;
pub(crate) use upload::Progress;
