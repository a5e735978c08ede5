use std::io;
use std::path::Path;

use crypt::Keyring;
use types::Random;

use crate::failure::Failure;
use crate::random::SystemRandom;
use crate::state::{make_dir, replace_file};

/// Letters of an id, 5 bits each: no two keys of a keyring are given one.
const ID_LETTERS: usize = 10;
/// Letters and digits that are hard to mistake for each other.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Makes a keyring, or adds a primary key to it.
///
/// # Errors
/// Where the file cannot be read or written, or is no keyring.
pub(super) fn keygen(file: &Path, id: Option<&str>) -> Result<(), Failure> {
    let refused = |message: &dyn std::fmt::Display| Failure::new(format!("{}: {message}", file.display()));
    let old = match std::fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(refused(&format!("cannot read it: {error}"))),
    };
    let id = id.map_or_else(|| new_id(&SystemRandom), str::to_owned);
    let text = Keyring::extend(old.as_deref(), &id, &SystemRandom).map_err(|error| refused(&error))?;
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        make_dir(dir)?;
    }
    replace_file(file, text.as_bytes())?;
    let what = if old.is_some() { "a new primary key was added" } else { "made, with one key" };
    let next = match old {
        Some(_) => {
            "New objects use it once the server has started again or `sluice crypt rewrap` was run. The other keys are still needed\n\
             until `sluice crypt rewrap --all` has put every bucket under the new one."
        }
        None => "Keep a copy of the file somewhere else: without it nobody can read what it encrypts.",
    };
    crate::print(&format!("{}: {what}\n  primary key  {id}\n\n{next}\n", file.display()));
    Ok(())
}

/// An id that says nothing.
fn new_id(random: &dyn Random) -> String {
    let mut letters = [0; ID_LETTERS];
    random.fill(&mut letters);
    let letters: String =
        letters.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    format!("key-{letters}")
}
