//! Runs targets over their kept inputs and over changed ones: `replay [--rounds N] [TARGET…]`, on stable Rust.
//!
//! Kept inputs are the files of `seeds/TARGET` and, where libFuzzer has been, of `corpus/TARGET` and `artifacts/TARGET`.

use std::path::Path;
use std::process::ExitCode;

use sluice_fuzz::mutate::Chance;
use sluice_fuzz::targets;

/// Changed inputs for each target where nothing else is said.
const ROUNDS: u64 = 20_000;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (mut rounds, mut chosen) = (ROUNDS, Vec::new());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--rounds" => match words.next().map(|number| number.parse()) {
                Some(Ok(number)) => rounds = number,
                _ => return usage(),
            },
            name if targets::ALL.iter().any(|(known, _)| *known == name) => chosen.push(name.to_owned()),
            _ => return usage(),
        }
    }
    for (name, target) in targets::ALL {
        if chosen.is_empty() || chosen.iter().any(|one| one == name) {
            let inputs = inputs(name);
            run(name, *target, &inputs, rounds);
            println!("{name}: {} kept inputs and {rounds} changed ones", inputs.len());
        }
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    let names: Vec<_> = targets::ALL.iter().map(|(name, _)| *name).collect();
    eprintln!("usage: replay [--rounds N] [TARGET...]\ntargets: {}", names.join(" "));
    ExitCode::FAILURE
}

/// Says which input it was where the target panics.
fn run(name: &str, target: fn(&[u8]), inputs: &[Vec<u8>], rounds: u64) {
    struct Last<'a>(&'a str, Vec<u8>);
    impl Drop for Last<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("{} failed on: {}", self.0, self.1.escape_ascii());
            }
        }
    }
    let mut last = Last(name, Vec::new());
    let mut chance = Chance::new(1);
    let changed = (0..rounds).map(|_| chance.change(inputs));
    for input in inputs.iter().cloned().chain(changed) {
        last.1 = input;
        target(&last.1);
    }
}

fn inputs(name: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["seeds", "corpus", "artifacts"].map(|kind| root.join(kind).join(name));
    let mut paths: Vec<_> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()))
        .collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}
