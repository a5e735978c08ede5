//! Runs one stand-in until it is ended: `stub azure|gcs [--listen ADDRESS]`,
//! `stub drime [--calls-per-minute COUNT] [--listen ADDRESS]`, or `stub faults --upstream ADDRESS [--listen ADDRESS]`. Prints
//! one line that says where it is and what opens it.
//!
//! `--calls-per-minute` is what the account of the drive may do; without it, what the real one may. Tests that are not about
//! the limit raise it, or most of their time is spent waiting.

use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use stubs::faults::Faults;
use stubs::{azure, drime, gcs};

const USAGE: &str = "usage: stub azure|gcs [--listen ADDRESS] | stub drime [--calls-per-minute COUNT] [--listen ADDRESS] | \
                     stub faults --upstream ADDRESS [--listen ADDRESS]";

/// What the command line asks for.
struct Wanted {
    kind: String,
    listen: SocketAddr,
    upstream: Option<SocketAddr>,
    calls_per_minute: Option<u32>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where there is no standard error either, the status is all that can be said.
            let _ = writeln!(io::stderr(), "stub: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let wanted = parse(std::env::args().skip(1))?;
    let listen = wanted.listen;
    match wanted.kind.as_str() {
        "azure" => {
            let stub = azure::Stub::start(azure::Settings { listen, ..azure::Settings::default() })?;
            serve(&stub.banner())
        }
        "drime" => {
            let mut settings = drime::Settings { listen, ..drime::Settings::default() };
            settings.calls_per_minute = wanted.calls_per_minute.unwrap_or(settings.calls_per_minute);
            let stub = drime::Stub::start(settings)?;
            serve(&stub.banner())
        }
        "gcs" => {
            let stub = gcs::Stub::start(gcs::Settings { listen, ..gcs::Settings::default() })?;
            serve(&stub.banner())
        }
        "faults" => {
            let faults = Faults::start_at(listen, wanted.upstream.ok_or(USAGE)?)?;
            serve(&format!("endpoint={}", faults.url()))
        }
        _ => Err(USAGE.into()),
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Wanted, Box<dyn Error>> {
    let kind = arguments.next().ok_or(USAGE)?;
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let mut wanted = Wanted { kind, listen, upstream: None, calls_per_minute: None };
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match (option.as_str(), wanted.kind.as_str()) {
            ("--listen", _) => wanted.listen = value.parse()?,
            ("--upstream", "faults") => wanted.upstream = Some(value.parse()?),
            ("--calls-per-minute", "drime") => wanted.calls_per_minute = Some(value.parse()?),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(wanted)
}

/// Says where the stand-in is, and lets it run.
fn serve(banner: &str) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    writeln!(out, "{banner}")?;
    out.flush()?;
    loop {
        std::thread::park();
    }
}
