use std::time::{Duration, Instant};

use futures_util::future::join_all;
use store::{Missing, SharedStore, StoreError, StoreErrorKind};
use tokio::sync::watch;
use types::{BucketName, Context, Owner, TagSet};

use crate::config::Config;
use crate::failure::Failure;
use crate::stores::{OpenedStore, owner_of};

/// How long the start waits for buckets of services elsewhere. A service that takes longer gets its buckets later.
const START_MAX_WAIT: Duration = Duration::from_secs(3);
/// How long one attempt may take later on.
const ATTEMPT_MAX_TIME: Duration = Duration::from_secs(30);
/// The pause behind the first attempt that failed; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// A bucket that the configuration names.
#[derive(Debug, Clone)]
struct Named {
    name: BucketName,
    owner: Owner,
}

/// Buckets that are not known to be there: of services elsewhere, or behind layers that fail.
pub(super) struct Awaited {
    store: SharedStore,
    buckets: Vec<Named>,
}

/// Makes the buckets that the configuration names and that are not there yet. What fails in passing, or is not let be made now
/// by a service elsewhere, is tried again later: it keeps nobody from starting.
///
/// # Errors
/// Where one on this machine cannot be made, or belongs to another than the configuration says.
pub(super) async fn make_configured(
    config: &Config,
    opened: &[OpenedStore],
    store: &SharedStore,
) -> Result<Awaited, Failure> {
    let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
    for bucket in &config.buckets {
        let Some(name) = bucket.name.clone() else { continue };
        let is_here = opened.iter().any(|store| store.name == bucket.store && store.is_here());
        let named = Named { name, owner: owner_of(bucket) };
        if is_here { &mut here } else { &mut elsewhere }.push(named);
    }
    let mut missing = Vec::new();
    for named in here {
        match make_here(&named, store).await {
            Ok(()) => {}
            // Its layers do not let it through now.
            Err(Unmade::Passing(error)) => missing.push((named, error)),
            Err(Unmade::Failed(failure)) => return Err(failure),
        }
    }
    let attempts = elsewhere.iter().map(|named| make_elsewhere(named, store, START_MAX_WAIT));
    let made = join_all(attempts).await.into_iter().zip(elsewhere);
    missing.extend(made.filter_map(|(made, named)| Some((named, made.err()?))));
    let awaited = missing.into_iter().map(|(named, error)| {
        tracing::warn!(bucket = %named.name, %error, "the bucket's store does not have it yet; it is tried again");
        named
    });
    Ok(Awaited { buckets: awaited.collect(), store: store.clone() })
}

/// Why a bucket on this machine could not be made.
enum Unmade {
    Passing(StoreError),
    Failed(Failure),
}

impl Unmade {
    fn by(name: &BucketName, error: StoreError) -> Self {
        match error.kind {
            StoreErrorKind::Unavailable => Self::Passing(error),
            _ => Self::Failed(Failure::new(format!("bucket.{name}: cannot make it: {error}"))),
        }
    }
}

async fn make_here(named: &Named, store: &SharedStore) -> Result<(), Unmade> {
    let cx = Context::background();
    let Named { name, owner } = named;
    match store.bucket(&cx, name).await {
        Ok(found) if found.owner.id == owner.id => Ok(()),
        Ok(found) => Err(Unmade::Failed(Failure::configuration(format!(
            "bucket.{name}.owner: the bucket is there already and belongs to \"{}\", not to \"{}\"",
            found.owner.display_name, owner.display_name
        )))),
        Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {
            let made = store.create_bucket(&cx, name, owner, &TagSet::default()).await;
            made.map_err(|error| Unmade::by(name, error))?;
            tracing::info!(bucket = %name, owner = %owner.display_name, "bucket made");
            Ok(())
        }
        Err(error) => Err(Unmade::by(name, error)),
    }
}

/// Looks before it makes: whoever may not make buckets can still use those that are there.
async fn make_elsewhere(named: &Named, store: &SharedStore, max_time: Duration) -> Result<(), StoreError> {
    let cx = Context { deadline: Some(Instant::now() + max_time), ..Context::background() };
    let attempt = async {
        match store.bucket(&cx, &named.name).await {
            Ok(_) => return Ok(()),
            Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => {}
            Err(error) => return Err(error),
        }
        match store.create_bucket(&cx, &named.name, &named.owner, &TagSet::default()).await {
            Ok(_) => tracing::info!(bucket = %named.name, "bucket made"),
            Err(error) if matches!(error.kind, StoreErrorKind::BucketExists) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    };
    let elapsed = |_| StoreError::new(StoreErrorKind::Unavailable, "make the configured bucket");
    tokio::time::timeout(max_time, attempt).await.map_err(elapsed)?
}

impl Awaited {
    /// Tries until all are there, or `stop` turns true.
    pub(super) async fn make(self, mut stop: watch::Receiver<bool>) {
        let all = join_all(self.buckets.iter().map(|named| make_at_last(named, &self.store)));
        tokio::select! {
            // A sender that is gone is a server that has stopped.
            _ = stop.wait_for(|stop| *stop) => {}
            _ = all => {}
        }
    }
}

async fn make_at_last(named: &Named, store: &SharedStore) {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        match make_elsewhere(named, store, ATTEMPT_MAX_TIME).await {
            Ok(()) => {
                tracing::info!(bucket = %named.name, "the bucket's store has it now");
                return;
            }
            Err(error) => {
                tracing::debug!(bucket = %named.name, %error, "the bucket's store does not have it yet")
            }
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
