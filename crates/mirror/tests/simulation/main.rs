//! Histories of worlds whose targets fail, hang, lie and return and whose process ends at any step. Each is made of a seed,
//! so one that fails is played again by its seed: `SLUICE_SEED=7 cargo test -p mirror --test simulation one_seed -- --ignored`.

#![allow(clippy::unwrap_used, reason = "a world that goes on after this has told nothing")]

mod body;
mod clock;
mod faults;
mod history;
mod hold;
mod journal;
mod life;
mod look;
mod model;
mod play;
mod scenarios;
mod target;
mod trace;
mod world;

/// Histories on every run.
const SEEDS: u64 = 200;
/// Histories when asked for.
const MANY_SEEDS: u64 = 10_000;

/// Histories that failed after which no more are played.
const FAILURES_MAX: usize = 20;

/// Plays the history of each seed; tells all that failed and how the first of them went.
fn play(seeds: impl Iterator<Item = u64>) {
    let mut failed: Vec<(u64, trace::Trace)> = Vec::new();
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let trace = trace::Trace::default();
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.block_on(history::History::play(seed, trace.clone()));
        }));
        if played.is_err() {
            failed.push((seed, trace));
        }
        if failed.len() >= FAILURES_MAX {
            break;
        }
    }
    let seeds: Vec<u64> = failed.iter().map(|(seed, _)| *seed).collect();
    if let Some((seed, trace)) = failed.first() {
        panic!("seeds {seeds:?} failed; {seed} went so:\n{trace}");
    }
}

#[test]
fn no_acknowledged_write_is_lost_and_no_read_is_wrong() {
    play(0..SEEDS);
}

#[test]
#[ignore = "minutes"]
fn many_histories() {
    play(SEEDS..MANY_SEEDS);
}

#[test]
#[ignore = "plays the seed that the environment names"]
#[allow(clippy::disallowed_methods, reason = "the one seed to play is named by whoever runs it")]
fn one_seed() {
    let seed = std::env::var("SLUICE_SEED").ok().and_then(|seed| seed.parse().ok()).expect("a seed");
    play(std::iter::once(seed));
}
