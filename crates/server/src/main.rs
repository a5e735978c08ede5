//! The `sluice` binary: the command line, the configuration, and the assembly of the rooms.
//!
//! Knows: how the parts fit together; the only room that reads the environment and files of settings.
//! Does not know: how any part works.

mod banner;
mod cli;
mod commands;
mod compatibility;
mod config;
mod connect;
mod credentials;
mod descriptors;
mod environment;
mod failure;
mod jobs;
mod logging;
mod random;
mod reach;
mod scrub;
mod serving;
mod snapshot;
mod state;
mod stores;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(args) => commands::serve(&args),
        Command::CheckConfig(args) => commands::check_config(&args),
        Command::Scrub(args) => commands::scrub(&args),
        Command::Cache(command) => commands::cache(&command),
        Command::Mirror(command) => commands::mirror(&command),
        Command::Crypt(command) => commands::crypt(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where standard error is closed too, the exit code is all that is left.
            let _ = writeln!(std::io::stderr(), "error: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// Writes to standard output; a reader that went away is no failure.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
