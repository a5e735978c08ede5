use std::sync::Arc;

use gateway::LogWriter;
use tokio::sync::watch;

use crate::cli::ServeArgs;
use crate::config::{Config, load};
use crate::environment::ProcessEnvironment;
use crate::failure::Failure;
use crate::serving::{Server, StopSignals};
use crate::{descriptors, logging};

/// Serves until told to stop.
///
/// # Errors
/// What keeps the server from starting, or from ending in good order.
pub(crate) fn serve(args: &ServeArgs) -> Result<(), Failure> {
    let config = load(&args.flags(), &ProcessEnvironment)?;
    let (log, access_log) = logging::start(&config.server)?;
    descriptors::raise_limit(config.server.max_connections);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let served = runtime.block_on(run(Arc::new(config), access_log, &log));
    runtime.shutdown_background();
    served
}

async fn run(
    config: Arc<Config>,
    access_log: Option<gateway::AccessLog>,
    log: &LogWriter,
) -> Result<(), Failure> {
    let mut signals =
        StopSignals::listen().map_err(|error| Failure::new(format!("cannot hear signals: {error}")))?;
    let server = Server::open(config, access_log).await?;
    crate::print(&server.banner().to_string());
    let (stop, stopped) = watch::channel(false);
    let mut running = std::pin::pin!(server.run(stopped));
    tokio::select! {
        ended = running.as_mut() => return ended,
        signal = signals.next() => tracing::info!(signal, "stopping: requests in flight are finished first"),
    }
    stop.send_replace(true);
    let ended = tokio::select! {
        ended = running => ended,
        signal = signals.next() => Err(Failure::new(format!("{signal} again: stopped at once"))),
    };
    tracing::info!("stopped");
    log.sink().flush();
    ended
}
