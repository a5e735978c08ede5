use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::refuse::refuse;
use super::serve::{Handler, Terms, serve};
use crate::metrics::ConnectionStats;
use crate::settings::{BACKLOG, Limits};
use crate::tls::Tls;

/// How long accepting rests when the process has no file descriptor left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);
/// The most connections over the limit that are told so at once; more wait in the kernel's queue.
const REFUSALS_MAX: usize = 64;

/// Opens a listening socket.
///
/// # Errors
/// The operating system's.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections and hands their requests to one handler.
pub(crate) struct Acceptor<H> {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) limits: Limits,
    pub(crate) handler: H,
    pub(crate) stats: Arc<ConnectionStats>,
}

impl<H: Handler> Acceptor<H> {
    /// Accepts until `shutdown` turns true, then waits for the requests in flight, `limits.shutdown_timeout` at most.
    /// Returns how many connections had to be cut off.
    pub(crate) async fn run(self, mut shutdown: watch::Receiver<bool>) -> usize {
        let places = Arc::new(Semaphore::new(self.limits.max_connections));
        let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
        let terms =
            Arc::new(Terms { tls: self.tls.clone(), limits: self.limits, shutdown: shutdown.clone() });
        let watching = self.tls.clone().map(|tls| tokio::spawn(async move { tls.watch().await }));
        loop {
            let accepted = tokio::select! {
                biased;
                _ = shutdown.wait_for(|stop| *stop) => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address, &places, &refusals, &terms).await,
                Err(error) => self.rest(&error).await,
            }
        }
        drop(self.listener);
        if let Some(watching) = watching {
            watching.abort();
        }
        let all = u32::try_from(self.limits.max_connections).unwrap_or(u32::MAX);
        let finished = tokio::time::timeout(self.limits.shutdown_timeout, places.acquire_many(all)).await;
        if finished.is_ok() { 0 } else { self.limits.max_connections - places.available_permits() }
    }

    async fn admit(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        places: &Arc<Semaphore>,
        refusals: &Arc<Semaphore>,
        terms: &Arc<Terms>,
    ) {
        self.stats.accepted.add(1);
        let Ok(place) = places.clone().try_acquire_owned() else {
            self.stats.refused.add(1);
            if terms.tls.is_some() {
                return;
            }
            let refusal = refusals.clone().acquire_owned().await.expect("the semaphore is never closed");
            tokio::spawn(async move {
                refuse(stream).await;
                drop(refusal);
            });
            return;
        };
        let (handler, terms, stats) = (self.handler.clone(), terms.clone(), self.stats.clone());
        tokio::spawn(async move {
            let _open = stats.open();
            serve(stream, address, &terms, handler).await;
            drop(place);
        });
    }

    /// A connection that failed before it was accepted concerns nobody else; a process without descriptors must wait.
    async fn rest(&self, error: &io::Error) {
        let passing =
            [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
        if passing.contains(&error.kind()) {
            return;
        }
        self.stats.accept_failures.add(1);
        tracing::warn!(%error, "cannot accept a connection");
        tokio::time::sleep(EXHAUSTED_PAUSE).await;
    }
}
