//! The `sluice` binary: the command line, the configuration, and the assembly of the rooms.
//!
//! Knows: how the parts fit together; the only room that reads the environment and files of settings.
//! Does not know: how any part works.

mod cli;
mod config;

fn main() {
    let cli = <cli::Cli as clap::Parser>::parse();
    drop(cli);
}
