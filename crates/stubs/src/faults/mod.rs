//! A server of faults: it stands between a client and a service, passes messages on, and lets things go wrong as a script
//! says.

mod message;
mod relay;
mod script;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::server::Server;

pub use script::{Fault, Matcher, Seen};

use script::Script;

/// A reverse proxy on a free port of this machine, with a script of faults. Ends when it is dropped.
pub struct Faults {
    server: Server,
    script: Arc<Script>,
}

impl Faults {
    /// A proxy in front of `upstream`, without faults.
    ///
    /// # Errors
    /// Where no port can be listened on.
    pub fn start(upstream: SocketAddr) -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), upstream)
    }

    /// As [`Faults::start`], at an address.
    ///
    /// # Errors
    /// Where it cannot be listened on.
    pub fn start_at(listen: SocketAddr, upstream: SocketAddr) -> io::Result<Self> {
        let script = Arc::<Script>::default();
        let shared = script.clone();
        let server = Server::accepting(listen, move |socket| {
            let script = shared.clone();
            async move {
                // A connection that breaks is what the script asks for, or the peers' affair.
                let _ = relay::relay(socket, upstream, &script).await;
            }
        })?;
        Ok(Self { server, script })
    }

    /// Where clients find it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where clients find it, as a URL without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Lets the next request that matches fail so. Several wait in order; each is used once.
    pub fn next(&self, matcher: Matcher, fault: Fault) {
        self.script.add(matcher, fault, Some(1));
    }

    /// Lets every request that matches fail so, until [`Faults::clear`].
    pub fn always(&self, matcher: Matcher, fault: Fault) {
        self.script.add(matcher, fault, None);
    }

    /// Forgets all faults that were not used.
    pub fn clear(&self) {
        self.script.clear();
    }

    /// How many scripted faults were not used yet; those of [`Faults::always`] do not count.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.script.pending()
    }

    /// What has come so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.script.seen()
    }
}
