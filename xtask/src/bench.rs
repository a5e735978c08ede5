mod generator;
mod nginx;
mod rows;
mod server;
mod table;
mod throttle;

use std::path::PathBuf;

use crate::run::{cargo, run};
use crate::tree::root;

/// The load generator on any endpoint, or the rows of the table against servers of its own.
pub(crate) fn bench(words: &[&str]) -> Result<(), String> {
    build(&["--package", "bench", "--bins"])?;
    // The generator needs an endpoint, which is an option; words alone are names of rows.
    if words.iter().any(|word| word.starts_with('-')) {
        return run(generator::command().args(words));
    }
    let chosen = rows::chosen(words)?;
    build(&["--package", "server", "--bin", "sluice"])?;
    build(&["--package", "meta-sqlite", "--example", "engine"])?;
    rows::measure(&chosen)
}

fn build(words: &[&str]) -> Result<(), String> {
    run(cargo().args(["build", "--release", "--quiet"]).args(words))
}

/// A program of the release build.
fn program(name: &str) -> PathBuf {
    root().join("target/release").join(name)
}

/// Where the servers of a benchmark keep their data: on the device of the checkout, which must be a real one.
fn workspace() -> PathBuf {
    root().join("target/bench")
}
