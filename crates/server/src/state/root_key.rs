use std::io;
use std::path::{Path, PathBuf};

use types::Random;

use super::{StateError, replace_file};
use crate::config::{RootKey, Secret};

/// The file in the state directory that holds the root key.
pub(crate) const ROOT_KEY_FILE: &str = "root-key.toml";

const ID_CHARACTERS: usize = 20;
const SECRET_CHARACTERS: usize = 40;
/// Letters and digits that are hard to mistake for each other; 32 of them, so that a random byte picks one evenly.
const ID_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 64 characters that need no escape in a URL, a shell or a connection string.
const SECRET_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The root key and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptRootKey {
    pub(crate) key: RootKey,
    pub(crate) file: PathBuf,
}

/// The root key kept in `dir`, generated at the first call.
///
/// # Errors
/// Where the file is there but cannot be read, or cannot be written.
pub(crate) fn root_key(dir: &Path, random: &dyn Random) -> Result<KeptRootKey, StateError> {
    let file = dir.join(ROOT_KEY_FILE);
    if let Some(key) = read_root_key(dir)? {
        return Ok(KeptRootKey { key, file });
    }
    let key = generate(random);
    let text = format!(
        "# The root key of this server. Whoever has it may do everything; delete the file to get a new one.\nid = \"{}\"\nsecret = \"{}\"\n",
        key.id,
        key.secret.expose()
    );
    replace_file(&file, text.as_bytes())?;
    Ok(KeptRootKey { key, file })
}

/// The root key kept in `dir`, if there is one.
///
/// # Errors
/// Where the file is there but cannot be read.
pub(crate) fn read_root_key(dir: &Path) -> Result<Option<RootKey>, StateError> {
    let file = dir.join(ROOT_KEY_FILE);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateError::io(&file, "cannot read the root key", &error)),
    };
    let damaged = || {
        StateError::new(
            &file,
            "is damaged; it holds id = \"…\" and secret = \"…\". Delete it to get a new key",
        )
    };
    let table = text.parse::<toml::Table>().map_err(|_| damaged())?;
    let value = |name| {
        table.get(name).and_then(toml::Value::as_str).filter(|text| !text.is_empty()).ok_or_else(damaged)
    };
    Ok(Some(RootKey { id: value("id")?.to_owned(), secret: Secret::new(value("secret")?) }))
}

/// A key that nobody can guess: 100 and 240 random bits.
pub(crate) fn generate(random: &dyn Random) -> RootKey {
    let mut id = [0; ID_CHARACTERS];
    let mut secret = [0; SECRET_CHARACTERS];
    random.fill(&mut id);
    random.fill(&mut secret);
    RootKey { id: spell(&id, ID_ALPHABET), secret: Secret::new(spell(&secret, SECRET_ALPHABET)) }
}

fn spell(bytes: &[u8], alphabet: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn the_key_is_generated_once_and_for_this_user_alone() {
        let dir = tempfile::tempdir().unwrap();
        let random = Counting(Default::default());
        let first = root_key(dir.path(), &random).unwrap();
        assert_eq!(root_key(dir.path(), &random).unwrap(), first);
        assert_eq!(first.key.id.len(), 20);
        assert_eq!(first.key.secret.expose().len(), 40);
        let mode = std::fs::metadata(&first.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(root_key(other.path(), &random).unwrap().key, first.key);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(ROOT_KEY_FILE), "id = ").unwrap();
        let refusal = root_key(dir.path(), &Counting(Default::default())).unwrap_err().to_string();
        assert!(refusal.contains("is damaged"), "{refusal}");
    }
}
