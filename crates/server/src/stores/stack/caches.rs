use std::path::PathBuf;
use std::time::Duration;

use cache::{Cache, CacheOptions, LayerOptions, Mode, Watermarks};
use gateway::{Reading, ReadingValue};
use types::CacheStatus;

use crate::config::{CacheMode, CacheSettings, place_of};
use crate::failure::{Failure, with_causes};
use crate::state::make_dir;
use crate::stores::Surroundings;
use crate::stores::readings::{counter, durations};

/// The caches by directory, each open once.
#[derive(Clone, Default)]
pub(crate) struct Caches(Vec<(PathBuf, Cache)>);

impl Caches {
    /// The cache of a directory, which is opened where it is not yet.
    ///
    /// # Errors
    /// Where the directory cannot be used.
    pub(super) fn open(
        &mut self,
        setting: &str,
        settings: &CacheSettings,
        around: &Surroundings,
    ) -> Result<Cache, Failure> {
        make_dir(&settings.path)?;
        let place = place_of(&settings.path);
        if let Some((_, cache)) = self.0.iter().find(|(known, _)| *known == place) {
            return Ok(cache.clone());
        }
        let options = CacheOptions {
            path: settings.path.clone(),
            size_bytes: settings.size_bytes,
            memory_bytes: settings.memory_bytes,
            free: Watermarks::default(),
            clock: around.clock.clone(),
            budget: around.budget.clone(),
        };
        let opened = Cache::open(options).map_err(|error| {
            let path = settings.path.display();
            Failure::new(format!("{setting}.path: {path} cannot be used: {}", with_causes(&error)))
        })?;
        self.0.push((place, opened.clone()));
        Ok(opened)
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Cache> {
        self.0.iter().map(|(_, cache)| cache)
    }

    /// What they have counted.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let of = |cache: &Cache| {
            let path = cache.path().display().to_string();
            of_cache(cache)
                .into_iter()
                .map(move |reading| reading.label("cache", path.as_str()))
                .collect::<Vec<_>>()
        };
        self.all().flat_map(of).collect()
    }
}

/// A layer's options; `name` is what its blocks are filed under.
pub(super) fn options(name: String, settings: &CacheSettings, list_ttl: Duration) -> LayerOptions {
    let mode = match settings.mode {
        CacheMode::Strict => Mode::Strict,
        CacheMode::Ttl => Mode::Ttl,
        CacheMode::Immutable => Mode::Immutable,
        CacheMode::Offline => Mode::Offline,
    };
    LayerOptions {
        mode,
        ttl: if settings.mode.is_timed() { settings.ttl } else { Duration::ZERO },
        negative_ttl: settings.negative_ttl,
        list_ttl,
        block_bytes: settings.block_bytes,
        digest: settings.digest.clone(),
        ..LayerOptions::new(name)
    }
}

fn of_cache(cache: &Cache) -> Vec<Reading> {
    let stats = cache.stats();
    let answers = [
        CacheStatus::Hit,
        CacheStatus::Miss,
        CacheStatus::Revalidated,
        CacheStatus::Stale,
        CacheStatus::Bypass,
    ];
    let mut all: Vec<_> = answers
        .into_iter()
        .map(|status| {
            counter("sluice_cache_answers", "Answers by how the cache came by them", stats.of(status))
                .label("status", status.name())
        })
        .collect();
    all.extend([
        counter("sluice_cache_served_bytes", "Bytes that came from blocks or memory", &stats.bytes_served),
        counter(
            "sluice_cache_fetched_bytes",
            "Bytes that came from the store to be kept",
            &stats.bytes_fetched,
        ),
        counter(
            "sluice_cache_passed_bytes",
            "Bytes that came from the store past the cache",
            &stats.bytes_passed,
        ),
        counter("sluice_cache_fetches", "Ranges that the store was asked for", &stats.fetches),
        counter("sluice_cache_fetches_failed", "Ranges that did not come whole", &stats.fetches_failed),
        counter("sluice_cache_joined", "Reads that joined another one's fetch", &stats.joined),
        counter(
            "sluice_cache_refetches",
            "Blocks that were fetched again in the middle of a read",
            &stats.refetches,
        ),
        counter(
            "sluice_cache_wrong_objects",
            "Cached objects that were not what they should be",
            &stats.wrong_objects,
        ),
        counter(
            "sluice_cache_refused",
            "Reads that went past because the directory took nothing in",
            &stats.refused,
        ),
        counter("sluice_cache_memory_hits", "Small objects served from memory", &stats.memory_hits),
        durations(
            "sluice_cache_first_byte_seconds",
            "How long the first byte of a range took",
            &stats.first_bytes,
        ),
    ]);
    all.extend(of_disk(cache));
    all
}

fn of_disk(cache: &Cache) -> Vec<Reading> {
    let disk = cache.disk_stats();
    let gauge = |name, help, value: u64| Reading::new(name, help, ReadingValue::Gauge(value as f64));
    let counters = &disk.counters;
    vec![
        gauge("sluice_cache_blocks", "Blocks that can be read", disk.entries),
        gauge("sluice_cache_bytes", "Bytes of those", disk.bytes),
        gauge("sluice_cache_used_bytes", "What the directory takes and has reserved", disk.used_bytes),
        gauge("sluice_cache_ceiling_bytes", "What it may take at most", disk.ceiling_bytes),
        gauge("sluice_cache_index_bytes", "Memory that the index takes", disk.index_memory_bytes),
        gauge(
            "sluice_cache_failing",
            "Whether the directory takes nothing in",
            u64::from(disk.condition.name() != "open"),
        ),
        counter("sluice_cache_fills", "Blocks that were completed", &counters.fills),
        counter(
            "sluice_cache_fills_refused",
            "Fills without room or a working device",
            &counters.refused_fills,
        ),
        counter("sluice_cache_evictions", "Blocks that gave way", &counters.evictions),
        counter("sluice_cache_evicted_bytes", "Bytes of blocks that gave way", &counters.bytes_evicted),
        counter("sluice_cache_bad_blocks", "Blocks dropped because a byte was wrong", &counters.bad_blocks),
        counter("sluice_cache_device_failures", "Calls to the device that failed", &counters.device_failures),
        counter(
            "sluice_cache_recoveries",
            "Times that a failed directory was well again",
            &counters.recoveries,
        ),
    ]
}
