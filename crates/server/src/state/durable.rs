use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::StateError;

/// Makes a directory, and those above it, for this user alone; nothing happens where it is there.
///
/// # Errors
/// Where a part of the path cannot be made.
pub(crate) fn make_dir(dir: &Path) -> Result<(), StateError> {
    if dir.is_dir() {
        return Ok(());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| StateError::io(dir, "cannot make the directory", &error))?;
    let parent = above(dir);
    sync_dir(parent).map_err(|error| StateError::io(parent, "cannot sync the directory", &error))
}

/// Replaces a file by this content, durably: after a crash there is the old file or the new one, whole. Only this user may
/// read it.
///
/// # Errors
/// Where a step fails; the old file is then still there.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> Result<(), StateError> {
    let refused = |error: io::Error| StateError::io(path, "cannot write the file", &error);
    let temporary = path.with_extension("new");
    let written = write_new(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The half-written file is of no use to anyone; the error that matters is the first one.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(refused)?;
    sync_dir(above(path)).map_err(refused)
}

/// The directory that something is in.
fn above(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes, synchronises and removes a file in a directory.
///
/// # Errors
/// The operating system's, where one of these cannot be done.
pub(crate) fn probe_dir(dir: &Path) -> io::Result<()> {
    let probe = dir.join(format!(".sluice-probe-{}", std::process::id()));
    let written = write_new(&probe, b"probe");
    // What could not be written is not there to be removed; what stopped the writing is what matters.
    let removed = fs::remove_file(&probe);
    written.and(removed)
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
