use std::net::SocketAddr;
use std::sync::Arc;
use std::{future::Future, io};

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use s3_auth::Verifier;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::auth::AdminKeys;
use super::routes::{AdminJobs, AdminState, Readiness, router};
use crate::conn::{Acceptor, Handler, Peer, bind};
use crate::gateway::Gateway;
use crate::metrics::{MetricsPage, Source};
use crate::settings::Limits;
use crate::tls::Tls;

/// The most connections to the admin listener at once.
const CONNECTIONS_MAX: usize = 64;

/// What the admin listener is made of.
pub struct AdminParts {
    /// What other rooms count.
    pub sources: Vec<Source>,
    /// Whether the stores answer.
    pub ready: Readiness,
    /// What the operator can ask for.
    pub jobs: Arc<dyn AdminJobs>,
    /// Who checks the proofs, for the service [`s3_auth::ADMIN_SERVICE`]; only root is let in.
    pub verifier: Verifier,
}

/// The admin listener, open and not yet accepting.
pub struct Admin {
    listener: TcpListener,
    handler: AdminHandler,
    limits: Limits,
    tls: Option<Arc<Tls>>,
}

#[derive(Clone)]
struct AdminHandler(TowerToHyperService<axum::Router>);

impl Admin {
    /// Opens the listener. It shows what `gateway` counts; `tls` is needed beyond loopback, which the configuration sees to.
    ///
    /// # Errors
    /// The operating system's, where the address cannot be had.
    pub fn bind(
        address: SocketAddr,
        gateway: &Gateway,
        parts: AdminParts,
        tls: Option<Arc<Tls>>,
    ) -> io::Result<Self> {
        let shared = gateway.shared();
        let state = AdminState {
            shared: shared.clone(),
            page: MetricsPage::new(shared.clone(), parts.sources),
            ready: parts.ready,
            jobs: parts.jobs,
            keys: AdminKeys { verifier: parts.verifier, clock: shared.clock.clone() },
        };
        let router = router(Arc::new(state));
        Ok(Self {
            listener: bind(address)?,
            handler: AdminHandler(TowerToHyperService::new(router)),
            limits: Limits { max_connections: CONNECTIONS_MAX, ..gateway.limits() },
            tls,
        })
    }

    /// The address in use.
    ///
    /// # Errors
    /// The operating system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown` turns true, then ends the requests in flight within the time allowed.
    pub async fn serve(self, shutdown: watch::Receiver<bool>) {
        let acceptor = Acceptor {
            listener: self.listener,
            tls: self.tls,
            limits: self.limits,
            handler: self.handler,
            stats: Arc::default(),
        };
        acceptor.run(shutdown).await;
    }
}

impl Handler for AdminHandler {
    type Body = Body;

    fn handle(&self, peer: Peer, request: Request<Incoming>) -> impl Future<Output = Response<Body>> + Send {
        peer.activity.request_began();
        let answered = self.0.call(request);
        async move {
            let response = answered.await.unwrap_or_else(|never| match never {});
            peer.activity.request_ended();
            response
        }
    }
}
