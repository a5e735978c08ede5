use std::num::NonZeroU8;
use std::path::{Path, PathBuf};

use crate::config::{CryptKeys, KeyringSource, VaultSettings};
use crate::failure::Failure;
use crate::state::make_dir;
use crate::stores::{For, Surroundings};

/// A crypt layer of a list: its path in the settings, its level, and where its keys are.
pub(super) struct Leveled<'a> {
    pub(super) setting: String,
    pub(super) level: NonZeroU8,
    pub(super) keys: &'a CryptKeys,
}

/// Refuses a crypt layer that has another level than it had: its objects and the keys of its buckets have the level in their
/// names, so it would find none of them. Levels are counted from the storage up, so they move where a crypt layer is put in
/// below another one, or taken out. A layer is known again by where its keys are.
///
/// # Errors
/// The layer whose level has moved, and what can be done; files that cannot be read.
pub(super) fn check_levels(
    owner: For<'_>,
    layers: &[Leveled<'_>],
    around: &Surroundings,
) -> Result<(), Failure> {
    around.state_dir.as_ref().map_or(Ok(()), |dir| check_in(&owner.dir(dir), layers))
}

/// Notes the levels of layers that could be made, for [`check_levels`] at the next start.
///
/// # Errors
/// Files that cannot be read or written.
pub(super) fn note_levels(
    owner: For<'_>,
    layers: &[Leveled<'_>],
    around: &Surroundings,
) -> Result<(), Failure> {
    match &around.state_dir {
        Some(dir) if !layers.is_empty() => note_in(&owner.dir(dir), layers),
        _ => Ok(()),
    }
}

fn check_in(dir: &Path, layers: &[Leveled<'_>]) -> Result<(), Failure> {
    for layer in layers {
        let keys = described(layer.keys);
        for level in (1..=u8::MAX).filter_map(NonZeroU8::new).filter(|level| *level != layer.level) {
            let is_still_there = || {
                let same = |other: &Leveled<'_>| other.level == level && described(other.keys) == keys;
                layers.iter().any(same)
            };
            if read(&file_of(dir, level))?.as_ref() == Some(&keys)
                && read(&file_of(dir, layer.level))?.as_ref() != Some(&keys)
                && !is_still_there()
            {
                return Err(moved(layer, level, &file_of(dir, level)));
            }
        }
    }
    Ok(())
}

fn note_in(dir: &Path, layers: &[Leveled<'_>]) -> Result<(), Failure> {
    make_dir(dir)?;
    layers.iter().try_for_each(|layer| {
        let (path, keys) = (file_of(dir, layer.level), described(layer.keys));
        if read(&path)?.as_ref() == Some(&keys) {
            return Ok(());
        }
        std::fs::write(&path, keys).map_err(|error| failed("write", &path, &error))
    })
}

fn moved(layer: &Leveled<'_>, was: NonZeroU8, file: &Path) -> Failure {
    let Leveled { setting, level, .. } = layer;
    let what = if *level > was { "was put in below it" } else { "below it was taken out" };
    Failure::configuration(format!(
        "{setting}: a crypt layer {what}, so this one would look for its objects under other names (level {level}, it was {was}) \
         and find none; put the layers back as they were and copy the objects to a place that has the new ones. Where it has no \
         objects yet, remove {}",
        file.display()
    ))
}

fn file_of(dir: &Path, level: NonZeroU8) -> PathBuf {
    dir.join(format!("crypt-{level}.keys"))
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, &error)),
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} {}: {error}", path.display()))
}

/// Where keys are, which is no secret.
fn described(keys: &CryptKeys) -> String {
    match keys {
        CryptKeys::Keyring(KeyringSource::File(path)) => format!("file:{}\n", path.display()),
        CryptKeys::Keyring(KeyringSource::Variable { name, .. }) => format!("env:{name}\n"),
        CryptKeys::Vault(VaultSettings { address, mount, key, namespace, .. }) => {
            format!("vault:{address} {} {mount}/{key}\n", namespace.as_deref().unwrap_or("-"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a list of crypt layers is accepted, the innermost first.
    fn held(dir: &Path, files: &[&str], lowest: u8) -> Result<(), String> {
        let keys: Vec<_> =
            files.iter().map(|file| CryptKeys::Keyring(KeyringSource::File(file.into()))).collect();
        let layers: Vec<_> = (lowest..)
            .zip(&keys)
            .map(|(level, keys)| Leveled {
                setting: format!("at {level}"),
                level: NonZeroU8::new(level).unwrap(),
                keys,
            })
            .collect();
        check_in(dir, &layers).and_then(|()| note_in(dir, &layers)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_crypt_layer_whose_level_moves_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        held(dir, &["a"], 1).unwrap();
        held(dir, &["a"], 1).unwrap();
        // Put in below it: by its own list, or by that of its store.
        let refused = held(dir, &["b", "a"], 1).unwrap_err();
        assert!(refused.starts_with("at 2: a crypt layer was put in below it"), "{refused}");
        assert!(refused.contains("crypt-1.keys"), "{refused}");
        assert!(held(dir, &["a"], 2).is_err());
        // Above it there is room.
        held(dir, &["a", "b"], 1).unwrap();
        held(dir, &["a"], 1).unwrap();
        let refused = held(dir, &["b"], 1).unwrap_err();
        assert!(refused.starts_with("at 1: a crypt layer below it was taken out"), "{refused}");
        // Nothing of it stands there: the file that it names may go.
        std::fs::remove_file(dir.join("crypt-2.keys")).unwrap();
        held(dir, &["b"], 1).unwrap();
    }

    #[test]
    fn layers_with_the_same_keys_have_their_places() {
        let dir = tempfile::tempdir().unwrap();
        held(dir.path(), &["a", "a"], 1).unwrap();
        held(dir.path(), &["a", "a"], 1).unwrap();
        held(dir.path(), &["moved", "a"], 1).unwrap();
    }
}
