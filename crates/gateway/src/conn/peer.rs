use std::net::SocketAddr;
use std::sync::Arc;

use super::activity::{Activity, Framing};

/// The other end of a connection.
#[derive(Clone)]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) address: SocketAddr,
    /// How requests share the connection.
    pub(crate) framing: Framing,
    /// What the connection is doing.
    pub(crate) activity: Arc<Activity>,
}
