use crate::run::{cargo, run};
use crate::tree::root;

/// Rounds of each fuzz target where none are named: some seconds.
const FUZZ_ROUNDS: &str = "100000";

/// Replays the corpus of each fuzz target and mutations of it, on stable Rust.
pub(crate) fn fuzz(words: &[&str]) -> Result<(), String> {
    let counts = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_digit());
    let (rounds, targets) = match words.split_first() {
        Some((rounds, targets)) if counts(&rounds) => (*rounds, targets),
        _ => (FUZZ_ROUNDS, words),
    };
    let mut command = cargo();
    command.args([
        "run",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--release",
        "--no-default-features",
        "--bin",
        "replay",
    ]);
    command.args(["--", "--rounds", rounds]).args(targets);
    run(command.env("CARGO_TARGET_DIR", root().join("target/fuzz")))
}

/// The simulations of all rooms, with those that the usual test run leaves out.
pub(crate) fn sim() -> Result<(), String> {
    for package in ["sim", "meta-sqlite"] {
        run(cargo().args(["test", "--release", "--package", package, "--", "--include-ignored"]))?;
    }
    Ok(())
}
