use std::process::Command;

use serde_json::Value;

use super::program;
use super::server::{ACCESS_KEY, SECRET_KEY, Sluice};
use crate::run::output;

/// The load generator.
pub(super) fn command() -> Command {
    Command::new(program("bench"))
}

/// What the generator found, for one or two endpoints.
pub(super) struct Findings(Value);

/// Runs the generator against a server and reads what it found.
///
/// # Errors
/// Where a request failed or the generator did.
pub(super) fn load(server: &Sluice, words: &[&str]) -> Result<Findings, String> {
    found_by(command_for(server, words))
}

/// As [`load`], beside a second endpoint at `url`, behind which `against` does the work.
pub(super) fn load_against(
    server: &Sluice,
    url: &str,
    against: &Sluice,
    words: &[&str],
) -> Result<Findings, String> {
    let mut command = command_for(server, words);
    command.args(["--against", url, "--against-pid", &against.pid().to_string()]);
    found_by(command)
}

fn command_for(server: &Sluice, words: &[&str]) -> Command {
    let mut command = command();
    command.args(words).args(["--json", "--url", &server.url(), "--pid", &server.pid().to_string()]);
    command.args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY]);
    command
}

fn found_by(mut command: Command) -> Result<Findings, String> {
    let found =
        serde_json::from_str(&output(&mut command)?).map_err(|error| format!("the generator: {error}"))?;
    Ok(Findings(found))
}

impl Findings {
    /// A figure of the first endpoint.
    pub(super) fn figure(&self, name: &str) -> f64 {
        self.of_side(0, name)
    }

    /// A figure of the second endpoint.
    pub(super) fn against(&self, name: &str) -> f64 {
        self.of_side(1, name)
    }

    /// The first endpoint's figure over the second's, as the median of the rounds.
    pub(super) fn ratio(&self, name: &str) -> f64 {
        self.0["ratios"][name].as_f64().unwrap_or(f64::NAN)
    }

    fn of_side(&self, side: usize, name: &str) -> f64 {
        self.0["sides"][side][name].as_f64().unwrap_or(f64::NAN)
    }
}
