//! Connections: accepted, secured, told apart by protocol, served and supervised.

mod accept;
mod activity;
mod peer;
mod preface;
mod refuse;
mod serve;
mod stream;

pub(crate) use accept::{Acceptor, bind};
#[cfg(test)]
pub(crate) use activity::Verdict;
pub(crate) use activity::{Activity, Framing};
pub(crate) use peer::Peer;
pub(crate) use serve::Handler;
