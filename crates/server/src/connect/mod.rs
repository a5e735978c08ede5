//! Tries each store elsewhere: what may be done with it, by doing it, and taking it back.

mod place;
mod probe;
mod report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{ListBuckets, StoreError, StoreErrorKind};
use types::{Budget, Context, SystemClock};

use crate::config::{Config, StoreSettings};
use crate::environment::ProcessEnvironment;
use crate::failure::{Failure, with_causes};
use crate::random::SystemRandom;
use crate::stores::{Surroundings, open_bare};
use place::Place;
pub(crate) use report::Report;

/// How long one step may take.
const STEP_MAX_TIME: Duration = Duration::from_secs(30);
/// Buckets that are counted.
const BUCKETS_COUNTED: usize = 1000;

/// Tries all stores of the configuration that are elsewhere, one after the other.
///
/// # Errors
/// Where a store cannot even be made. What a service refuses stands in the report.
pub(crate) async fn connect(config: &Config) -> Result<Report, Failure> {
    let around = Surroundings {
        durability: config.server.durability,
        budget: Budget::new(config.server.memory_budget_bytes),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        // A server may be working on the state directory, and nothing is to be left behind.
        state_dir: None,
        environment: Arc::new(ProcessEnvironment),
    };
    let mut report = Report::default();
    for settings in &config.stores {
        report.begin(&format!("store {} ({})", settings.name, settings.kind));
        if settings.kind.is_here() {
            report.note("on this machine: the start tells whether it can be used");
        } else {
            try_store(config, settings, &around, &mut report).await?;
        }
    }
    Ok(report)
}

async fn try_store(
    config: &Config,
    settings: &StoreSettings,
    around: &Surroundings,
    report: &mut Report,
) -> Result<(), Failure> {
    let port = open_bare(settings, around).await?.port();
    let options = ListBuckets { prefix: String::new(), after: None, limit: BUCKETS_COUNTED };
    let listed = within(port.list_buckets(&cx(), options)).await;
    let is_every_other = config.other_buckets.store == settings.name;
    match &listed {
        Ok(page) if page.more => report.done("list buckets", &format!("over {BUCKETS_COUNTED}")),
        Ok(page) => report.done("list buckets", &format!("{} there", page.buckets.len())),
        // Whoever uses named buckets alone needs no list of all.
        Err(error) if is_every_other => report.refused("list buckets", &with_causes(error)),
        Err(error) => report.cannot("list buckets", &with_causes(error)),
    }
    if matches!(&listed, Err(error) if matches!(error.kind, StoreErrorKind::Unavailable)) {
        report.refused("connect", "the service does not answer");
        return Ok(());
    }
    let named = config.buckets.iter().filter(|bucket| bucket.store == settings.name);
    let mut places: Vec<Place> = named.filter_map(Place::of_bucket).collect();
    if is_every_other {
        places.push(Place::to_make(&*around.random));
    }
    for place in &places {
        place.try_out(&port, &*around.random, report).await;
    }
    Ok(())
}

/// A context for one step.
fn cx() -> Context {
    Context { deadline: Some(Instant::now() + STEP_MAX_TIME), ..Context::background() }
}

/// A step, or `Unavailable` where it takes too long.
async fn within<T>(step: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let elapsed = |_| {
        let text = format!("no answer within {} seconds", STEP_MAX_TIME.as_secs());
        StoreError::with_source(StoreErrorKind::Unavailable, "try", text)
    };
    tokio::time::timeout(STEP_MAX_TIME, step).await.map_err(elapsed)?
}
