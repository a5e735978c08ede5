use std::io::{self, IoSlice};
use std::path::Path;

use super::error::{DiskError, DiskErrorKind};
use super::fs::{Directory, OsDirectory};

/// Names of files that a probe makes: by a store of itself, and by who asks about a directory that a store may be using.
pub(super) const PROBE_NAME: &str = "probe";
const OUTSIDE_PROBE_NAME: &str = "probe.outside";

/// A page, so that the device is asked for room.
const PROBE_BYTES: usize = 4096;

/// Finds out whether a directory can hold a cache: made, written and read. Blocks. A directory that is missing is not made:
/// the nearest one above it must take a directory.
///
/// # Errors
/// [`DiskErrorKind::Unusable`] with what the operating system said.
pub fn probe(directory: &Path) -> Result<(), DiskError> {
    let found = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let found = if found.as_os_str().is_empty() { Path::new(".") } else { found };
    let probed = OsDirectory::unheld(found).and_then(|found| probe_as(&found, OUTSIDE_PROBE_NAME));
    probed
        .map_err(|error| DiskError { directory: directory.to_owned(), kind: DiskErrorKind::Unusable(error) })
}

/// Writes a file, reads it back and removes it.
pub(super) fn probe_in(directory: &dyn Directory) -> io::Result<()> {
    probe_as(directory, PROBE_NAME)
}

fn probe_as(directory: &dyn Directory, name: &str) -> io::Result<()> {
    match directory.remove(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let probed = write_and_read(directory, name);
    let removed = directory.remove(name);
    probed.and(removed)
}

fn write_and_read(directory: &dyn Directory, name: &str) -> io::Result<()> {
    let file = directory.create(name)?;
    let written: [u8; PROBE_BYTES] = std::array::from_fn(|place| place as u8 ^ 0x5a);
    file.write_at(0, &[IoSlice::new(&written)])?;
    file.sync()?;
    let mut found = [0; PROBE_BYTES];
    let length = file.read_at(0, &mut found)?;
    match length == PROBE_BYTES && found == written {
        true => Ok(()),
        false => Err(io::Error::other("the directory gives other bytes back than were written")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_leaves_nothing_and_makes_no_directory() {
        let temporary = tempfile::tempdir().unwrap();
        probe(temporary.path()).unwrap();
        let missing = temporary.path().join("a/b/c");
        probe(&missing).unwrap();
        assert!(!missing.exists());
        assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_the_way_is_said() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("f");
        std::fs::write(&file, b"x").unwrap();
        let error = probe(&file.join("below")).unwrap_err();
        assert!(matches!(error.kind, DiskErrorKind::Unusable(_)));
    }
}
