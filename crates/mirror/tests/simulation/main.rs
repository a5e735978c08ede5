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
mod target;
mod world;

/// Histories on every run.
const SEEDS: u64 = 300;
/// Histories when asked for.
const MANY_SEEDS: u64 = 10_000;

fn play(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.block_on(history::History::play(seed));
        }));
        assert!(played.is_ok(), "seed {seed} failed");
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
