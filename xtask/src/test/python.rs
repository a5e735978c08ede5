use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{cache, clients, debian};
use crate::run::{output, run};

/// Tests that run in one Python environment.
pub(crate) struct Suite {
    /// Its name in the summary.
    pub(crate) name: &'static str,
    /// The pinned packages, below `tests/clients/requirements`.
    pub(crate) requirements: &'static str,
    /// Files or directories below `tests/clients`.
    pub(crate) files: &'static [&'static str],
    /// Files that belong to another suite.
    pub(crate) ignored: &'static [&'static str],
}

/// Two environments, because s3fs pins an older botocore than the newest boto3 and aws-cli.
pub(crate) const SUITES: [Suite; 2] = [
    Suite { name: "clients", requirements: "clients.txt", files: &[""], ignored: &["test_fsspec.py"] },
    Suite { name: "fsspec", requirements: "fsspec.txt", files: &["test_fsspec.py"], ignored: &[] },
];

/// The virtual environment of a suite.
pub(crate) fn provide(suite: &Suite) -> Result<PathBuf, String> {
    environment(suite.name, &clients().join("requirements").join(suite.requirements))
}

/// A virtual environment with pinned packages; made once for each state of that list.
pub(crate) fn environment(name: &str, requirements: &Path) -> Result<PathBuf, String> {
    let pinned =
        fs::read_to_string(requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    let mut hasher = DefaultHasher::new();
    pinned.hash(&mut hasher);
    let venv = cache().join(format!("{name}-{:016x}", hasher.finish()));
    let complete = venv.join("complete");
    if complete.exists() {
        return Ok(venv);
    }
    println!("preparing the Python environment of {name}");
    make(&venv)?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    run(pip.arg("--requirement").arg(requirements))
        .map_err(|error| format!("Python packages of {name}: {error}"))?;
    fs::write(&complete, "").map_err(|error| error.to_string())?;
    Ok(venv)
}

fn make(venv: &Path) -> Result<(), String> {
    let attempt = || output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv));
    if attempt().is_ok() {
        return Ok(());
    }
    // Debian's python3 comes without the module.
    debian::install(&["python3", "python3-venv"])?;
    attempt().map(|_| ()).map_err(|error| format!("a Python environment cannot be made: {error}"))
}
