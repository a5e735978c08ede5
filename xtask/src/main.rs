//! The chores of the workspace, as `cargo xtask COMMAND`.
//!
//! Knows: how the tree is checked, tested and measured.
//! Does not know: how any part of Sluice works.

#![allow(clippy::print_stdout, reason = "a command-line tool talks to its user")]

mod bench;
mod check;
mod chores;
mod run;
mod test;
mod tree;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask check                    format, crate edges, rooms, words, promises; prints the figures of the tree
cargo xtask lint                     clippy and rustdoc, warnings being errors
cargo xtask test [--full] [FILTER]   every test, real clients included; prepares what they need
cargo xtask bench [ROW...]           the table of docs/benchmarks.md, or the rows named
cargo xtask bench OPERATION ...      the load generator on any endpoint; --help tells more
cargo xtask fuzz [ROUNDS] [TARGET...]  arbitrary input for everything that reads requests
cargo xtask sim                      every simulated fault and power cut, the long runs included";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.split_first() {
        Some((&"check", [])) => check::check(),
        Some((&"lint", [])) => check::lint(),
        Some((&"test", rest)) => test::test(rest),
        Some((&"bench", rest)) => bench::bench(rest),
        Some((&"fuzz", rest)) => chores::fuzz(rest),
        Some((&"sim", [])) => chores::sim(),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
