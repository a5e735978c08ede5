use std::fs;
use std::path::Path;
use std::process::Command;

use super::{cache, clients};
use crate::run::{has_program, run};

const FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// Installs the pinned packages of the client tests.
pub(crate) fn provide() -> Result<(), String> {
    install(&clients().join("node"), &cache().join("node"))
}

/// Installs the packages that a directory of the tree pins into one below the cache, once for each state of the lock file.
pub(crate) fn install(from: &Path, to: &Path) -> Result<(), String> {
    if !has_program("npm") {
        return Err("npm is missing (Debian package npm)".into());
    }
    let failed = |error: std::io::Error| format!("preparing Node packages: {error}");
    fs::create_dir_all(to).map_err(failed)?;
    let complete = to.join("complete");
    let lock = fs::read(from.join(FILES[1])).map_err(failed)?;
    if fs::read(&complete).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    for file in FILES {
        fs::copy(from.join(file), to.join(file)).map_err(failed)?;
    }
    run(Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(to))?;
    fs::write(complete, lock).map_err(failed)
}
