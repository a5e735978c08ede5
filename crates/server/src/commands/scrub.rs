use std::sync::Arc;

use tokio::sync::mpsc;
use types::{Budget, Clock, SystemClock};

use crate::cli::ScrubArgs;
use crate::config::{Config, Flags, load};
use crate::environment::ProcessEnvironment;
use crate::failure::Failure;
use crate::random::SystemRandom;
use crate::reach::admin_client;
use crate::scrub::{Outcome, Renderer, ScrubEvent, scrub_stores};
use crate::state::{Holder, LockFile};
use crate::stores::{Surroundings, open_bare};

/// Verifies everything in a directory: here where nobody uses it, else by the server that does.
///
/// # Errors
/// Where it cannot be done, or something is damaged.
pub(crate) fn scrub(args: &ScrubArgs) -> Result<(), Failure> {
    if !args.dir.is_dir() {
        return Err(Failure::new(format!("{}: there is no such directory", args.dir.display())));
    }
    let flags = Flags { config: args.config.clone(), dir: Some(args.dir.clone()), ..Flags::default() };
    let config = load(&flags, &ProcessEnvironment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let outcome = runtime.block_on(async {
        match LockFile::try_acquire(&args.dir)? {
            Ok(_lock) => here(&config).await,
            Err(holder) => by_server(args, &config, &holder).await,
        }
    })?;
    match outcome {
        Some(Outcome::Done { damaged: 0 }) => Ok(()),
        Some(Outcome::Done { .. }) => Err(Failure::new("damaged data was found; restore it from a backup")),
        Some(Outcome::Failed(message)) => Err(Failure::new(message)),
        None => Err(Failure::new("the check broke off; run it again to go on with it")),
    }
}

async fn here(config: &Config) -> Result<Option<Outcome>, Failure> {
    let around = Surroundings {
        durability: config.server.durability,
        budget: Budget::new(config.server.memory_budget_bytes),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        state_dir: config.state_dir.clone(),
        environment: Arc::new(ProcessEnvironment),
    };
    let mut stores = Vec::new();
    for settings in config.stores.iter().filter(|store| store.kind.is_here()) {
        stores.push(open_bare(settings, &around).await?);
    }
    let (events, mut told) = mpsc::channel(1);
    let checking = tokio::spawn(scrub_stores(stores, events));
    let mut renderer = Renderer::new();
    while let Some(event) = told.recv().await {
        renderer.show(event);
    }
    checking.await.map_err(|_| Failure::new("the check broke off"))?;
    Ok(renderer.outcome())
}

async fn by_server(args: &ScrubArgs, config: &Config, holder: &Holder) -> Result<Option<Outcome>, Failure> {
    let url = args.admin.as_deref().or(holder.admin.as_deref()).ok_or_else(|| {
        Failure::new(format!(
            "{} is in use, and its user has no admin listener yet; try again, or name it with --admin",
            args.dir.display()
        ))
    })?;
    let client = admin_client(url, config, Some(&args.dir))?;
    let refused = |error: gateway::AdminClientError| Failure::new(error.to_string());
    let mut lines = client.start("/v1/scrub", SystemClock.now()).await.map_err(refused)?;
    let mut renderer = Renderer::new();
    while let Some(line) = lines.next().await.map_err(refused)? {
        if let Some(event) = std::str::from_utf8(&line).ok().and_then(ScrubEvent::from_line) {
            renderer.show(event);
        }
    }
    Ok(renderer.outcome())
}
