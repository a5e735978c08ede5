use std::path::PathBuf;

use cache::{Cache, Condition, PurgeScope, Warm};
use gateway::{JobRefused, JobRequest};
use serde_json::{Map, Value, json};
use types::{BucketName, CacheStatus, Context};

use super::desk::Ended;
use super::{Events, JobEvent, size};
use crate::config::{Config, CryptNames, LayerSettings, place_of};
use crate::failure::with_causes;
use crate::stores::{Assembled, For, List, cache_name};

/// What each cache holds and has done.
pub(super) async fn stats(stores: Assembled, events: Events) -> Result<(), Ended> {
    let mut count = 0;
    for cache in stores.caches.all() {
        count += 1;
        events.tell(JobEvent::Figures { text: in_words(cache), figures: figures(cache) }).await?;
    }
    let text = if count == 0 { "no cache is configured" } else { "" };
    done(&events, text.to_owned(), 0, json!({ "caches": count })).await
}

/// How a cache is, for people.
fn in_words(cache: &Cache) -> String {
    let (stats, disk, memory) = (cache.stats(), cache.disk_stats(), cache.memory_use());
    let condition = match disk.condition {
        Condition::Open => "works",
        Condition::Full => "THE DISK IS FULL: what is cached is served, nothing is added",
        Condition::ReadOnly => "THE DISK TAKES NO WRITES: what is cached is served, nothing is added",
        Condition::Failing => "THE DISK FAILS: all requests pass by the cache",
    };
    let answers: u64 = STATUSES.iter().map(|status| stats.of(*status).get()).sum();
    let share = |status: &CacheStatus| {
        let percent = stats.of(*status).get() * 100 / answers.max(1);
        format!("{percent} % {}", status.name())
    };
    let shares = if answers == 0 {
        String::new()
    } else {
        format!(": {}", STATUSES.iter().map(share).collect::<Vec<_>>().join(", "))
    };
    let counters = &disk.counters;
    let trouble = match (counters.bad_blocks.get(), counters.device_failures.get()) {
        (0, 0) => "none".to_owned(),
        (bad, failures) => format!("{bad} damaged blocks dropped, {failures} calls to the disk failed"),
    };
    let lines = [
        ("condition", condition.to_owned()),
        (
            "on disk",
            format!(
                "{} of {}, {} blocks; {} gave way",
                size(disk.used_bytes),
                size(disk.ceiling_bytes),
                disk.entries,
                counters.evictions.get()
            ),
        ),
        (
            "in memory",
            format!(
                "{} small objects, {}; the index takes {}",
                memory.objects,
                size(memory.object_bytes),
                size(disk.index_memory_bytes)
            ),
        ),
        ("answers", format!("{answers}{shares}")),
        (
            "bytes",
            format!(
                "{} from the cache, {} fetched to be kept, {} passed by",
                size(stats.bytes_served.get()),
                size(stats.bytes_fetched.get()),
                size(stats.bytes_passed.get())
            ),
        ),
        ("trouble", trouble),
    ];
    let mut text = format!("cache in {}", cache.path().display());
    for (name, value) in lines {
        text.push_str(&format!("\n  {name:<11}{value}"));
    }
    text
}

const STATUSES: [CacheStatus; 5] =
    [CacheStatus::Hit, CacheStatus::Miss, CacheStatus::Revalidated, CacheStatus::Stale, CacheStatus::Bypass];

fn figures(cache: &Cache) -> Map<String, Value> {
    let (stats, disk, memory) = (cache.stats(), cache.disk_stats(), cache.memory_use());
    let mut figures = Map::from_iter([
        ("directory".to_owned(), cache.path().display().to_string().into()),
        ("condition".to_owned(), disk.condition.name().into()),
    ]);
    for status in STATUSES {
        figures.insert(status.name().to_owned(), stats.of(status).get().into());
    }
    let numbers = [
        ("blocks", disk.entries),
        ("content_bytes", disk.bytes),
        ("used_bytes", disk.used_bytes),
        ("ceiling_bytes", disk.ceiling_bytes),
        ("index_memory_bytes", disk.index_memory_bytes),
        ("memory_objects", memory.objects as u64),
        ("memory_objects_bytes", memory.object_bytes),
        ("served_bytes", stats.bytes_served.get()),
        ("fetched_bytes", stats.bytes_fetched.get()),
        ("passed_bytes", stats.bytes_passed.get()),
        ("evicted_blocks", disk.counters.evictions.get()),
        ("bad_blocks", disk.counters.bad_blocks.get()),
        ("refused_fills", disk.counters.refused_fills.get()),
        ("device_failures", disk.counters.device_failures.get()),
    ];
    figures.extend(numbers.map(|(name, number)| (name.to_owned(), number.into())));
    figures
}

/// The bucket and prefix that a request names.
///
/// # Errors
/// Where no bucket is named.
pub(super) fn place(request: &JobRequest) -> Result<(BucketName, String), JobRefused> {
    let wrong = |how: String| JobRefused::Wrong(how);
    let bucket = request.arguments.get("bucket").ok_or_else(|| wrong("bucket: is missing".to_owned()))?;
    let name = BucketName::new(bucket)
        .map_err(|error| wrong(format!("\"{bucket}\" is not a bucket name: {error}")))?;
    Ok((name, request.arguments.get("prefix").cloned().unwrap_or_default()))
}

/// Reads what is below a prefix as a client would, so that every cache on the way has it.
pub(super) async fn warm(
    stores: Assembled,
    bucket: BucketName,
    prefix: String,
    events: Events,
) -> Result<(), Ended> {
    if caches_of(&stores.config, &bucket, &prefix).is_empty() {
        return Err(Ended::Failed(format!("bucket \"{bucket}\" has no cache")));
    }
    let found = stores.port.bucket(&Context::background(), &bucket).await;
    let record = found.map_err(|error| format!("bucket \"{bucket}\": {}", with_causes(&error)))?;
    events.tell(JobEvent::Begun { text: format!("warming {bucket}/{prefix}"), total: None }).await?;
    let mut warm = Warm::new(stores.port.clone(), record, prefix);
    let mut last = cache::WarmProgress::default();
    while let Some(progress) = warm.next().await {
        last = progress.map_err(|error| with_causes(&error))?;
        let total = (!last.is_listing).then_some(last.found);
        events.progress(last.done + last.failed, total, last.bytes)?;
    }
    let failed = match last.failed {
        0 => String::new(),
        failed => format!("; {failed} could not be read, the log says why"),
    };
    let text = format!("{} objects are cached, {} were read{failed}", last.done, size(last.bytes));
    let details = json!({ "objects": last.done, "bytes": last.bytes, "failed": last.failed });
    done(&events, text, last.failed, details).await
}

/// What is to be forgotten in which cache; `None` is every cache.
pub(super) type Scopes = Vec<(Option<PathBuf>, PurgeScope)>;

/// What a request wants forgotten.
///
/// # Errors
/// Where it names a bucket that has no cache.
pub(super) fn scopes(stores: &Assembled, request: &JobRequest) -> Result<Scopes, JobRefused> {
    if request.arguments.is_empty() {
        return Ok(vec![(None, PurgeScope::default())]);
    }
    let (bucket, prefix) = place(request)?;
    let found = caches_of(&stores.config, &bucket, &prefix);
    if found.is_empty() {
        return Err(JobRefused::Wrong(format!("bucket \"{bucket}\" has no cache")));
    }
    let scope = |found: Place| {
        let scope =
            PurgeScope { store: Some(found.name), bucket: Some(found.bucket), key_prefix: found.keys };
        (Some(found.path), scope)
    };
    Ok(found.into_iter().map(scope).collect())
}

pub(super) async fn purge(stores: Assembled, scopes: Scopes, events: Events) -> Result<(), Ended> {
    let (mut removed, mut removed_bytes) = (0, 0);
    for cache in stores.caches.all() {
        let of_it = |path: &Option<PathBuf>| path.as_ref().is_none_or(|path| *path == place_of(cache.path()));
        for (_, scope) in scopes.iter().filter(|(path, _)| of_it(path)) {
            let text = format!("purging the cache in {}", cache.path().display());
            events.tell(JobEvent::Begun { text, total: None }).await?;
            let mut purge = cache.purge(scope.clone());
            let mut last = cache::PurgeProgress::default();
            while let Some(progress) = purge.next().await {
                last = progress;
                events.progress(last.done, Some(last.total), last.removed_bytes)?;
            }
            removed += last.removed;
            removed_bytes += last.removed_bytes;
        }
    }
    let text = format!("{removed} blocks were dropped, {}", size(removed_bytes));
    done(&events, text, 0, json!({ "blocks": removed, "bytes": removed_bytes })).await
}

/// Reads every block and compares its checksum. A damaged block is dropped, and so no longer wrong.
pub(super) async fn verify(stores: Assembled, events: Events) -> Result<(), Ended> {
    let (mut blocks, mut bytes, mut bad) = (0, 0, 0);
    for cache in stores.caches.all() {
        let text = format!("verifying the cache in {}", cache.path().display());
        events.tell(JobEvent::Begun { text, total: Some(cache.disk_stats().entries) }).await?;
        let mut verify = cache.verify(None);
        let mut known_bad = 0;
        let mut seen = (0, 0);
        while let Some(progress) = verify.next().await {
            seen = (progress.done, progress.bytes);
            events.progress(progress.done, Some(progress.total), progress.bytes)?;
            if progress.bad > known_bad {
                let text = format!(
                    "{} damaged blocks were dropped; they are fetched again",
                    progress.bad - known_bad
                );
                let details = Map::from_iter([("blocks".to_owned(), (progress.bad - known_bad).into())]);
                events.tell(JobEvent::Finding { text, details }).await?;
                known_bad = progress.bad;
            }
        }
        blocks += seen.0;
        bytes += seen.1;
        bad += known_bad;
    }
    let verdict = if bad == 0 { "nothing is damaged".to_owned() } else { format!("{bad} were damaged") };
    let text = format!("{blocks} blocks were read, {}: {verdict}", size(bytes));
    done(&events, text, bad, json!({ "blocks": blocks, "bytes": bytes, "damaged": bad })).await
}

/// Tells the end of a job.
pub(super) async fn done(events: &Events, text: String, wrong: u64, details: Value) -> Result<(), Ended> {
    let details = match details {
        Value::Object(details) => details,
        _ => Map::new(),
    };
    Ok(events.tell(JobEvent::Done { text, wrong, details }).await?)
}

/// Where in a cache what is below a prefix of a bucket is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// The cache's directory.
    path: PathBuf,
    /// What it is filed under.
    name: String,
    bucket: String,
    /// What keys begin with there; empty for all.
    keys: String,
}

/// A bucket and what its keys begin with, as they are called at some place on the way down.
#[derive(Clone)]
struct Called {
    bucket: String,
    keys: String,
}

/// Every place of what is below a prefix of a bucket.
fn caches_of(config: &Config, bucket: &BucketName, prefix: &str) -> Vec<Place> {
    let named = config.buckets.iter().find(|settings| settings.name.as_ref() == Some(bucket));
    let settings = named.unwrap_or(&config.other_buckets);
    let remote = settings.remote.as_ref().unwrap_or(bucket);
    let mut called = Called { bucket: remote.to_string(), keys: prefix.to_owned() };
    let mut found = Vec::new();
    let Some(store) = config.stores.iter().find(|store| store.name == settings.store) else { return found };
    let owner = For::Bucket(settings.name.as_ref().map(BucketName::as_str));
    let list = List { owner, layers: &settings.layers, prefix: settings.prefix.as_deref(), store };
    through(&list, &mut called, &mut found);
    below(config, &settings.store, called, &mut found);
    found
}

/// Walks through a list of layers, to what is called how inside it.
fn through(list: &List<'_>, called: &mut Called, found: &mut Vec<Place>) {
    let is_name = |layer: &LayerSettings| matches!(layer, LayerSettings::Prefix(_));
    let last_name = list.layers.iter().rposition(is_name).map_or(0, |place| place + 1);
    for index in 0..=list.layers.len() {
        // Behind the layers that rename, and before those that encrypt and cache.
        if index == last_name
            && let Some(prefix) = list.prefix
        {
            called.keys.insert_str(0, prefix);
        }
        match list.layers.get(index) {
            Some(LayerSettings::Prefix(prefix)) => called.keys.insert_str(0, prefix),
            Some(LayerSettings::Crypt(crypt)) if crypt.names == CryptNames::Encrypted => called.keys.clear(),
            Some(LayerSettings::Cache(cache)) => found.push(Place {
                path: place_of(&cache.path),
                name: cache_name(list, index),
                bucket: called.bucket.clone(),
                keys: called.keys.clone(),
            }),
            _ => {}
        }
    }
}

/// Walks through the layers of a store and of its targets.
fn below(config: &Config, store: &str, mut called: Called, found: &mut Vec<Place>) {
    let Some(store) = config.stores.iter().find(|settings| settings.name == store) else { return };
    let list = List { owner: For::Store(&store.name), layers: &store.layers, prefix: None, store };
    through(&list, &mut called, found);
    for target in store.kind.targets() {
        let mut called = called.clone();
        called.bucket = target.remote.as_ref().map_or(called.bucket, ToString::to_string);
        called.keys.insert_str(0, target.prefix.as_deref().unwrap_or(""));
        below(config, &target.store, called, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Flags, load};

    struct Nothing;

    impl Environment for Nothing {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
    }

    #[test]
    fn what_is_cached_is_found_under_the_names_that_it_has_there() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sluice.toml");
        let cache = |path: &str| format!("{{ kind = \"cache\", path = \"{path}\", size = \"64MiB\" }}");
        let text = format!(
            "[store.a]\nkind = \"memory\"\nlayers = [ {} ]\n[store.b]\nkind = \"memory\"\n\
             [store.both]\nkind = \"mirror\"\ntargets = [{{ store = \"a\", prefix = \"t/\" }}, \"b\"]\n[bucket.\"*\"]\nstore = \"b\"\n\
             [bucket.one]\nstore = \"both\"\nremote = \"far\"\nprefix = \"p/\"\n\
             layers = [ {{ kind = \"prefix\", prefix = \"l/\" }}, {}, {} ]",
            cache("c"),
            cache("a"),
            cache("b"),
        );
        std::fs::write(&file, text).unwrap();
        let config = load(&Flags { config: Some(file), ..Flags::default() }, &Nothing).unwrap();
        let found = caches_of(&config, &BucketName::new("one").unwrap(), "x");
        let place = |path: &str, name: &str, keys: &str| Place {
            path: place_of(&dir.path().join(path)),
            name: name.to_owned(),
            bucket: "far".to_owned(),
            keys: keys.to_owned(),
        };
        let expected = [
            place("a", "bucket.one", "p/l/x"),
            place("b", "bucket.one#2", "p/l/x"),
            place("c", "store.a", "t/p/l/x"),
        ];
        assert_eq!(found, expected);
        assert_eq!(caches_of(&config, &BucketName::new("two").unwrap(), ""), []);
    }
}
