use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Request, Response};
use hyper::body::Incoming;
use s3_auth::Verifier;
use s3_wire::{Addressing, Scheme};
use service::Service;
use tokio::net::TcpListener;
use tokio::sync::watch;
use types::{Budget, Clock, Random};

use crate::conn::{Acceptor, Handler, Peer, bind};
use crate::exchange::AnswerBody;
use crate::log::AccessLog;
use crate::metrics::Metrics;
use crate::request_id::RequestIds;
use crate::settings::Limits;
use crate::shared::Shared;
use crate::stages;
use crate::tls::Tls;

/// What the S3 listener is made of.
pub struct GatewayParts {
    /// What operations mean.
    pub service: Service,
    /// Who checks the proofs of identity.
    pub verifier: Verifier,
    /// Where buckets may be named.
    pub addressing: Addressing,
    /// What the read buffers of all uploads may take together. Not the budget that stores take frames from: an upload holds
    /// its read buffer while it waits for a frame.
    pub intake: Budget,
    /// How clients reach the listener, for the URLs in answers.
    pub scheme: Scheme,
    /// Limits of connections.
    pub limits: Limits,
    /// Where the line of each request goes, if anywhere.
    pub access_log: Option<AccessLog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for request ids.
    pub random: Arc<dyn Random>,
}

/// The S3 listener's insides. Cloning shares them.
#[derive(Clone)]
pub struct Gateway(Arc<Core>);

/// What the stages work with.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) service: Service,
    pub(crate) verifier: Verifier,
    pub(crate) addressing: Addressing,
    pub(crate) intake: Budget,
    pub(crate) scheme: Scheme,
    pub(crate) limits: Limits,
}

/// The S3 listener's socket, open and not yet accepting.
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// Opens the socket; with `tls` all its connections are secured.
    ///
    /// # Errors
    /// The operating system's, where the address cannot be had.
    pub fn bind(address: SocketAddr, tls: Option<Arc<Tls>>) -> io::Result<Self> {
        Ok(Self { socket: bind(address)?, tls })
    }

    /// The address in use.
    ///
    /// # Errors
    /// The operating system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

impl Gateway {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: GatewayParts) -> Self {
        let shared = Arc::new(Shared {
            clock: parts.clock,
            ids: RequestIds::new(&*parts.random),
            metrics: Metrics::new(),
            connections: Arc::default(),
            access_log: parts.access_log,
            stopping: AtomicBool::new(false),
        });
        Self(Arc::new(Core {
            shared,
            service: parts.service,
            verifier: parts.verifier,
            addressing: parts.addressing,
            intake: parts.intake,
            scheme: parts.scheme,
            limits: parts.limits,
        }))
    }

    /// Serves until `shutdown` turns true, then lets the requests in flight end within the time allowed; from then on the
    /// admin listener says that this server is not ready. Returns how many connections were cut off.
    pub async fn serve(self, listener: Listener, shutdown: watch::Receiver<bool>) -> usize {
        let (shared, mut told) = (self.0.shared.clone(), shutdown.clone());
        tokio::spawn(async move {
            // A sender that is gone is a server that stops.
            drop(told.wait_for(|stop| *stop).await);
            shared.stopping.store(true, Ordering::Relaxed);
        });
        let acceptor = Acceptor {
            listener: listener.socket,
            tls: listener.tls,
            limits: self.0.limits,
            stats: self.0.shared.connections.clone(),
            handler: self,
        };
        acceptor.run(shutdown).await
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn limits(&self) -> Limits {
        self.0.limits
    }
}

impl Handler for Gateway {
    type Body = AnswerBody;

    fn handle(
        &self,
        peer: Peer,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<AnswerBody>> + Send {
        stages::answer(self.0.clone(), peer, request)
    }
}
