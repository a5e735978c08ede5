//! Runs one stand-in until it is ended: `stub azure|drime|gcs [--listen ADDRESS]`, or
//! `stub faults --upstream ADDRESS [--listen ADDRESS]`. Prints one line that says where it is and what opens it.

use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use stubs::faults::Faults;
use stubs::{azure, drime, gcs};

const USAGE: &str =
    "usage: stub azure|drime|gcs [--listen ADDRESS] | stub faults --upstream ADDRESS [--listen ADDRESS]";

/// What the command line asks for.
struct Wanted {
    kind: String,
    listen: SocketAddr,
    upstream: Option<SocketAddr>,
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
            let stub = drime::Stub::start(drime::Settings { listen, ..drime::Settings::default() })?;
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
    let mut wanted = Wanted { kind, listen: (Ipv4Addr::LOCALHOST, 0).into(), upstream: None };
    while let Some(option) = arguments.next() {
        let address = arguments.next().ok_or(USAGE)?.parse()?;
        match option.as_str() {
            "--listen" => wanted.listen = address,
            "--upstream" => wanted.upstream = Some(address),
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
