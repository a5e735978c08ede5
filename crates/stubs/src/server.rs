//! A small HTTP server on a thread of its own: what every stand-in stands on.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// The largest body that a stand-in takes.
pub const BODY_MAX_BYTES: usize = 512 * 1024 * 1024;

/// A server that runs until it is dropped, whichever runtime its owner has.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `handler` at `listen` (port 0 for a free one). Bodies are handed over whole.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub fn start<H, A>(listen: SocketAddr, handler: H) -> io::Result<Self>
    where
        H: Fn(Request<Bytes>) -> A + Send + Sync + 'static,
        A: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        Self::accepting(listen, move |socket| {
            let handler = handler.clone();
            async move {
                let service = service_fn(move |request| answer(handler.clone(), request));
                // A connection that breaks is the client's affair.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service)
                    .await;
            }
        })
    }

    /// Hands every connection made to `listen` to `serve`.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub fn accepting<H, A>(listen: SocketAddr, serve: H) -> io::Result<Self>
    where
        H: Fn(TcpStream) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let run = async move {
            let Ok(listener) = TcpListener::from_std(listener) else { return };
            let accept = async {
                while let Ok((socket, _)) = listener.accept().await {
                    let _ = socket.set_nodelay(true);
                    tokio::spawn(serve(socket));
                }
            };
            tokio::select! {
                () = accept => {}
                _ = stopped => {}
            }
        };
        let thread = thread::Builder::new().name("stub".to_owned()).spawn(move || runtime.block_on(run))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A handler that panicked has been reported by its own thread's message.
            let _ = thread.join();
        }
    }
}

async fn answer<H, A>(
    handler: Arc<H>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible>
where
    H: Fn(Request<Bytes>) -> A,
    A: Future<Output = Response<Bytes>>,
{
    let (parts, incoming) = request.into_parts();
    let response = match Limited::new(incoming, BODY_MAX_BYTES).collect().await {
        Ok(body) => handler(Request::from_parts(parts, body.to_bytes())).await,
        Err(_) => {
            let mut refusal = Response::new(Bytes::from_static(b"the body broke off"));
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            refusal
        }
    };
    Ok(response.map(Full::new))
}
