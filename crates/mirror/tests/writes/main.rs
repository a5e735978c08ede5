//! Writes under time and load: slow and hanging targets on a paused clock, how much of a body is held, races at one key.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]
#![allow(dead_code, reason = "the simulation uses more of what it shares")]

#[path = "../simulation/body.rs"]
mod body;
mod buckets;
#[path = "../simulation/clock.rs"]
mod clock;
#[path = "../simulation/faults.rs"]
mod faults;
mod held;
#[path = "../simulation/journal.rs"]
mod journal;
#[path = "../simulation/life.rs"]
mod life;
mod outcomes;
mod pace;
mod races;
#[path = "../simulation/target.rs"]
mod target;
mod uploads;
mod world;
