use std::path::Path;

use crate::failure::Failure;

/// Makes a keyring, or adds a primary key to it.
///
/// # Errors
/// Where the file cannot be read or written, or is no keyring.
pub(super) fn keygen(file: &Path, _id: Option<&str>) -> Result<(), Failure> {
    Err(Failure::new(file.display().to_string()))
}
