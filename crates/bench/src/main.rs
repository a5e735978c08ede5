//! A load generator for S3 endpoints, light enough to share two cores with the server that it measures.
//!
//! Knows: how to sign and send requests without allocating in the hot loop, and how to read what they cost.
//! Does not know: which figures are good ones; what the server is.

mod args;
mod bodies;
mod connection;
mod endpoint;
mod objects;
mod operation;
mod prepare;
mod process;
mod report;
mod round;
mod sign;
mod size;
mod worker;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match report::measure(&args) {
        Ok(report) => {
            report.print(args.json);
            if report.failed_requests() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
