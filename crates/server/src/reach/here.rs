use std::sync::Arc;

use gateway::JobRequest;
use types::{Budget, SystemClock};

use crate::config::{Config, StoreKind, StoreSettings};
use crate::environment::ProcessEnvironment;
use crate::failure::Failure;
use crate::jobs::{Desk, Renderer};
use crate::random::SystemRandom;
use crate::stores::{Surroundings, assemble, lock_directories};

/// Does a job in this process, which takes every directory for as long as it lasts.
///
/// # Errors
/// Where somebody else has one of them, or what the job works on is in a server's memory.
pub(super) async fn run_here(
    config: Config,
    request: &JobRequest,
    renderer: &mut Renderer,
) -> Result<(), Failure> {
    refuse_memory(&config, request)?;
    refuse_new_journals(&config, request)?;
    let _locks = lock_directories(&config).map_err(|failure| {
        Failure::new(format!("{failure}. Where that is a server, name its admin listener with --admin"))
    })?;
    let around = Surroundings {
        durability: config.server.durability,
        budget: Budget::new(config.server.memory_budget_bytes),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        state_dir: config.state_dir.clone(),
        environment: Arc::new(ProcessEnvironment),
    };
    let desk = Desk::new(assemble(Arc::new(config), &around).await?);
    let mut told = desk.start(request).map_err(|refused| Failure::new(refused.to_string()))?;
    while let Some(event) = told.recv().await {
        renderer.show(&event);
    }
    Ok(())
}

/// What a server holds in memory is not here: to a mirror it would look lost, and be made up for.
fn refuse_memory(config: &Config, request: &JobRequest) -> Result<(), Failure> {
    if request.room == "cache" && request.name != "warm" {
        return Ok(());
    }
    let touched = touched(config, request);
    match touched.iter().find(|store| matches!(store.kind, StoreKind::Memory(_))) {
        None => Ok(()),
        Some(store) => Err(Failure::new(format!(
            "no server answers, and store \"{}\" is in the memory of one: only a running server can do this",
            store.name
        ))),
    }
}

/// What a mirror owes stands in its journal: one that is made now would say that nothing is owed.
fn refuse_new_journals(config: &Config, request: &JobRequest) -> Result<(), Failure> {
    match &config.state_dir {
        Some(dir) if request.room == "mirror" && !dir.is_dir() => Err(Failure::new(format!(
            "no server answers, and there is no {}, where mirrors keep what they know: name the server's data directory with --data, \
             or its admin listener with --admin",
            dir.display()
        ))),
        _ => Ok(()),
    }
}

/// The stores that a job works on, with those that they are made of: those of the mirror or the bucket that it names, else all.
fn touched<'a>(config: &'a Config, request: &JobRequest) -> Vec<&'a StoreSettings> {
    let argument = |name| request.arguments.get(name).map(String::as_str);
    let is_named = |store: &StoreSettings| match (argument("store"), argument("bucket")) {
        (Some(name), _) => store.name == name,
        (None, Some(bucket)) => store.name == config.store_of(bucket),
        (None, None) if request.room == "mirror" => !store.kind.targets().is_empty(),
        (None, None) => true,
    };
    let mut touched: Vec<&StoreSettings> = Vec::new();
    // A mirror stands behind its targets.
    for store in config.stores.iter().rev() {
        let mut targets = touched.iter().flat_map(|mirror| mirror.kind.targets());
        if is_named(store) || targets.any(|target| target.store == store.name) {
            touched.push(store);
        }
    }
    touched
}
