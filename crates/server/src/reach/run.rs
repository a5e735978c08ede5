use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use gateway::{AdminClientError, JobRequest};
use types::{Clock, SystemClock};

use super::client::admin_client;
use super::here::run_here;
use crate::cli::ReachArgs;
use crate::config::{Config, Flags, load};
use crate::environment::ProcessEnvironment;
use crate::failure::Failure;
use crate::jobs::{JobEvent, Outcome, Render, Renderer};
use crate::state::LockFile;

/// How long a server on this machine may take to accept a connection.
const CONNECT_MAX_WAIT: Duration = Duration::from_secs(2);

/// Who does the work.
enum Doer {
    /// The server whose admin listener this is.
    Server(String),
    /// This process.
    Here,
}

/// Has a job done and shows how it goes.
///
/// # Errors
/// Where it could not be done, or has found what is not as it should be.
pub(crate) fn run_job(reach: &ReachArgs, request: &JobRequest) -> Result<(), Failure> {
    let flags = Flags { config: reach.config.clone(), dir: reach.data.clone(), ..Flags::default() };
    let config = load(&flags, &ProcessEnvironment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let render = if reach.json { Render::Json } else { Render::People };
    let mut renderer = Renderer::new(render);
    let doer = doer(reach, &config)?;
    runtime.block_on(async {
        match &doer {
            Doer::Server(url) => run_there(url, &config, request, &mut renderer).await,
            Doer::Here => run_here(config, request, &mut renderer).await,
        }
    })?;
    runtime.shutdown_background();
    match renderer.outcome() {
        Some(Outcome::Done { wrong: 0 }) => Ok(()),
        Some(Outcome::Done { wrong: 1 }) => {
            Err(Failure::new("one thing is not as it should be; it stands above"))
        }
        Some(Outcome::Done { wrong }) => {
            Err(Failure::new(format!("{wrong} things are not as they should be; they stand above")))
        }
        Some(Outcome::Failed(message)) => Err(Failure::new(message)),
        None => Err(Failure::new("it broke off before its end; run it again to go on with it")),
    }
}

/// A server that was named, else the one that has the state directory, else one at the address of the settings, else nobody, and
/// then it is done here where a file says with what.
fn doer(reach: &ReachArgs, config: &Config) -> Result<Doer, Failure> {
    if let Some(url) = &reach.admin {
        return Ok(Doer::Server(url.clone()));
    }
    let of_settings = || {
        let scheme = if config.server.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", config.server.admin_listen)
    };
    let state_dir = config.state_dir.as_deref().filter(|dir| dir.is_dir());
    if let Some(dir) = state_dir
        && let Err(holder) = LockFile::try_acquire(dir)?
    {
        return Ok(Doer::Server(holder.admin.unwrap_or_else(of_settings)));
    }
    // Without a file it is not known which server is meant; one that answers at the usual place is.
    if state_dir.is_none() || reach.config.is_none() {
        let address = config.server.admin_listen;
        if answers(address) {
            return Ok(Doer::Server(of_settings()));
        }
        if state_dir.is_none() && reach.config.is_none() {
            return Err(nobody(config.state_dir.as_deref(), address));
        }
    }
    Ok(Doer::Here)
}

/// Whether somebody accepts connections there.
pub(super) fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, CONNECT_MAX_WAIT).is_ok()
}

fn nobody(dir: Option<&Path>, address: SocketAddr) -> Failure {
    let place = dir.map_or(String::new(), |dir| format!(", and there is no {}", dir.display()));
    Failure::new(format!(
        "no server answers at {address}{place}; name the server's configuration with --config, or its admin listener with --admin"
    ))
}

async fn run_there(
    url: &str,
    config: &Config,
    request: &JobRequest,
    renderer: &mut Renderer,
) -> Result<(), Failure> {
    let client = admin_client(url, config, config.state_dir.as_deref())?;
    let refused = |error: AdminClientError| Failure::new(format!("{url}: {error}"));
    let mut lines = client.start(&request.target(), SystemClock.now()).await.map_err(refused)?;
    while let Some(line) = lines.next().await.map_err(refused)? {
        if let Some(event) = std::str::from_utf8(&line).ok().and_then(JobEvent::from_line) {
            renderer.show(&event);
        }
    }
    Ok(())
}
