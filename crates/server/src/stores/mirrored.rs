use std::collections::BTreeMap;
use std::sync::Arc;

use gateway::{Reading, ReadingValue};
use layers::Prefix;
use meta_sqlite::SqliteMeta;
use mirror::{BreakerState, Mirror, MirrorOptions, ReadPolicy, Target, WritePolicy};
use router::{Home, Router};
use store::{Layer, SharedStore};
use types::{BucketName, Counter};

use super::kept::{Kept, keep, keep_at};
use super::{Base, Engine, For, OpenedStore, Surroundings, readings};
use crate::config::{Config, MirrorRead, MirrorSettings, MirrorWrite, StoreSettings, TargetSettings};
use crate::failure::{Failure, with_causes};

/// The journal's file in a store's directory.
const JOURNAL_FILE: &str = "journal.sqlite";

/// A store made of stores.
pub(crate) struct MirrorStore {
    mirror: Mirror,
    /// The names of its targets, in their order.
    targets: Vec<String>,
    /// The engine of its journal, where that is kept on disk.
    journal: Option<Arc<SqliteMeta>>,
}

impl MirrorStore {
    pub(super) fn port(&self) -> SharedStore {
        Arc::new(self.mirror.clone())
    }

    /// The mirror itself, for what is asked of it alone.
    pub(crate) fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// Makes up for what targets owe until `stopped` has ended.
    pub(super) async fn run(&self, stopped: impl Future<Output = ()> + Send) {
        self.mirror.run(stopped).await;
    }

    pub(super) fn readings(&self) -> Vec<Reading> {
        let mut all = of_mirror(self.mirror.stats());
        for (index, name) in self.targets.iter().enumerate() {
            all.extend(
                of_health(&self.mirror, index)
                    .into_iter()
                    .map(|reading| reading.label("target", name.as_str())),
            );
        }
        all.extend(self.journal.as_ref().map(|meta| readings::sqlite(meta.stats())).unwrap_or_default());
        all
    }
}

/// Opens a mirror of stores that are open. None of them is asked anything yet.
///
/// # Errors
/// Where the journal cannot be used.
pub(super) async fn open(
    config: &Config,
    store: &StoreSettings,
    settings: &MirrorSettings,
    opened: &[OpenedStore],
    around: &Surroundings,
) -> Result<Base, Failure> {
    let Kept { meta, engine } = match &settings.journal {
        Some(path) => keep_at(path, around.durability)?,
        None => keep(For::Store(&store.name), JOURNAL_FILE, around)?,
    };
    let held = config.only_bucket(store);
    let mut targets = Vec::new();
    for target in &settings.targets {
        let missing = || Failure::configuration(format!("{}: there is no such store", target.setting));
        let found = opened.iter().find(|store| store.name == target.store).ok_or_else(missing)?;
        targets.push(Target { name: target.name.as_str().into(), store: placed(target, held, found.port()) });
    }
    let options = MirrorOptions {
        name: store.name.as_str().into(),
        targets,
        write: match settings.write {
            MirrorWrite::All => WritePolicy::All,
            MirrorWrite::Quorum => WritePolicy::Quorum,
            MirrorWrite::Any => WritePolicy::Any,
        },
        read: match settings.read {
            MirrorRead::Order => ReadPolicy::Order,
            MirrorRead::Latency => ReadPolicy::Latency,
        },
        journal: meta,
        hedge: settings.hedge,
        budget: around.budget.clone(),
        clock: around.clock.clone(),
        random: around.random.clone(),
    };
    let mirror = Mirror::open(options).await;
    let refused = |error: store::StoreError| {
        Failure::new(format!("store.{}: the journal cannot be used: {}", store.name, with_causes(&error)))
    };
    let targets = settings.targets.iter().map(|target| target.name.clone()).collect();
    let mirrored = MirrorStore { mirror: mirror.map_err(refused)?, targets, journal: engine };
    let names: Vec<_> = settings.targets.iter().map(|target| target.name.as_str()).collect();
    let shown = format!("mirror of {}, write = {}", names.join(", "), settings.write.name());
    Ok(Base { engine: Engine::Mirror(Arc::new(mirrored)), shown })
}

/// A target's place in its store.
fn placed(target: &TargetSettings, held: Option<&BucketName>, store: SharedStore) -> SharedStore {
    match (&target.remote, held, &target.prefix) {
        (Some(remote), Some(held), prefix) => {
            let home =
                Home { remote: Some(remote.clone()), prefix: prefix.clone(), ..Home::new(store.clone()) };
            Arc::new(Router::new(BTreeMap::from([(held.clone(), home)]), store))
        }
        (_, _, Some(prefix)) => Prefix::below(prefix).wrap(store),
        (_, _, None) => store,
    }
}

fn of_mirror(stats: &mirror::Stats) -> Vec<Reading> {
    let mut all = vec![
        readings::counter(
            "sluice_mirror_unmet",
            "Writes whose targets did not suffice for the policy",
            &stats.unmet,
        ),
        readings::counter(
            "sluice_mirror_settled",
            "Intents of an earlier process that were settled",
            &stats.settled,
        ),
        readings::counter(
            "sluice_mirror_read_switches",
            "Bodies that went on at another target",
            &stats.read_switches,
        ),
        readings::counter("sluice_mirror_filled", "Keys that back-fills brought to targets", &stats.filled),
    ];
    for target in &stats.targets {
        let of_target = |name, help, count: &Counter| {
            readings::counter(name, help, count).label("target", target.name.as_ref())
        };
        let write = |outcome: &str, count: &Counter| {
            of_target("sluice_mirror_writes", "Writes by target and outcome", count).label("outcome", outcome)
        };
        all.extend([
            write("done", &target.done),
            write("owed", &target.owed),
            of_target(
                "sluice_mirror_cut_off",
                "Bodies that a target was cut off from because it lagged",
                &target.cut_off,
            ),
            of_target(
                "sluice_mirror_repaired",
                "Keys that were brought to what the others have",
                &target.repaired,
            ),
            of_target("sluice_mirror_repair_failures", "Tries of that which failed", &target.repair_failures),
            of_target("sluice_mirror_repaired_bytes", "Bytes that repair copied", &target.repaired_bytes),
        ]);
    }
    all
}

fn of_health(mirror: &Mirror, index: usize) -> Vec<Reading> {
    let health = mirror.health().of(index);
    let counter = |name, help, count| Reading::new(name, help, ReadingValue::Counter(count));
    let is_in = if health.state == BreakerState::In { 1.0 } else { 0.0 };
    let mut all = vec![
        Reading::new("sluice_mirror_target_in", "Whether a target is in use", ReadingValue::Gauge(is_in)),
        counter("sluice_mirror_target_answered", "Calls that a target answered", health.answered),
        counter("sluice_mirror_target_failed", "Calls that a target failed", health.failed),
        counter(
            "sluice_mirror_target_taken_out",
            "Times that a target was taken out of use",
            health.taken_out,
        ),
    ];
    if let Some(latency) = health.latency {
        let value = ReadingValue::Gauge(latency.as_secs_f64());
        all.push(Reading::new(
            "sluice_mirror_target_latency_seconds",
            "How long a target recently took",
            value,
        ));
    }
    all
}
