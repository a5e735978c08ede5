use std::path::{Path, PathBuf};
use std::sync::Arc;

use meta::{MemoryMeta, MetaStore};
use meta_sqlite::{SqliteMeta, SqliteOptions};

use super::Surroundings;
use super::local::meta_failure;
use crate::config::Durability;
use crate::failure::Failure;
use crate::state::make_dir;

/// The directory, in the state directory, of what is kept for stores.
const STORES_DIR: &str = "stores";
/// The directory, in the state directory, of what is kept for buckets' own layers.
const BUCKETS_DIR: &str = "buckets";
/// Bytes of an engine's pages kept in memory. What is kept for a store is read by key, and there may be many.
const CACHE_BYTES: usize = 8 << 20;

/// What something that has to be remembered is remembered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For<'a> {
    /// A store.
    Store(&'a str),
    /// A bucket's own layers; `None` are those of all others.
    Bucket(Option<&'a str>),
}

impl For<'_> {
    /// Where what is kept for it lies.
    pub(super) fn dir(self, state_dir: &Path) -> PathBuf {
        match self {
            Self::Store(name) => state_dir.join(STORES_DIR).join(name),
            Self::Bucket(name) => state_dir.join(BUCKETS_DIR).join(name.unwrap_or("_others")),
        }
    }

    /// The path of its table in the settings.
    pub(crate) fn setting(self) -> String {
        match self {
            Self::Store(name) => format!("store.{name}"),
            Self::Bucket(Some(name)) => format!("bucket.{name}"),
            Self::Bucket(None) => "bucket.\"*\"".to_owned(),
        }
    }

    /// The label of its figures.
    pub(crate) fn label(self) -> (&'static str, String) {
        match self {
            Self::Store(name) => ("store", name.to_owned()),
            Self::Bucket(name) => ("bucket", name.unwrap_or("*").to_owned()),
        }
    }
}

/// An engine of records that outlive the process where there is a state directory.
pub(crate) struct Kept {
    pub(crate) meta: Arc<dyn MetaStore>,
    /// The engine, where it is on disk.
    pub(crate) engine: Option<Arc<SqliteMeta>>,
}

/// Opens the records of this name.
///
/// # Errors
/// Where the file cannot be used.
pub(crate) fn keep(owner: For<'_>, file: &str, around: &Surroundings) -> Result<Kept, Failure> {
    match &around.state_dir {
        Some(dir) => keep_at(&owner.dir(dir).join(file), around.durability),
        None => Ok(Kept { meta: Arc::new(MemoryMeta::default()), engine: None }),
    }
}

/// Opens the records in a file.
///
/// # Errors
/// As [`keep`].
pub(crate) fn keep_at(path: &Path, durability: Durability) -> Result<Kept, Failure> {
    make_dir(path.parent().unwrap_or(Path::new(".")))?;
    let durability = match durability {
        Durability::Strict => meta_sqlite::Durability::Strict,
        Durability::Relaxed => meta_sqlite::Durability::Relaxed,
    };
    let options = SqliteOptions { durability, cache_bytes: CACHE_BYTES, ..SqliteOptions::default() };
    let engine = SqliteMeta::open(path, options).map_err(|error| meta_failure(path, &error))?;
    let engine = Arc::new(engine);
    Ok(Kept { meta: engine.clone(), engine: Some(engine) })
}
