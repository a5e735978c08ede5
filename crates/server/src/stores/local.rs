use std::path::Path;
use std::sync::Arc;

use blob::{BlobError, BlobErrorKind, FileBlobs, FileOptions};
use meta::{MetaError, MetaErrorKind};
use meta_sqlite::{SqliteMeta, SqliteOptions};
use native::{NativeOptions, NativeStore};

use super::{Base, Engine, Surroundings};
use crate::config::{Durability, LocalStoreSettings};
use crate::failure::{Failure, with_causes};
use crate::state::make_dir;

/// The metadata's file in a store's directory.
const META_FILE: &str = "meta.sqlite";
/// The directory of the blobs in a store's directory.
const BLOBS_DIR: &str = "blobs";

/// Opens a store in a directory, which is made where it is not there.
pub(super) async fn open(settings: &LocalStoreSettings, around: &Surroundings) -> Result<Base, Failure> {
    make_dir(&settings.path)?;
    let (meta_path, blobs_path) = (settings.path.join(META_FILE), settings.path.join(BLOBS_DIR));
    let (meta_durability, blob_durability) = match around.durability {
        Durability::Strict => (meta_sqlite::Durability::Strict, blob::Durability::Strict),
        Durability::Relaxed => (meta_sqlite::Durability::Relaxed, blob::Durability::Relaxed),
    };
    let meta_options = SqliteOptions { durability: meta_durability, ..SqliteOptions::default() };
    let meta =
        SqliteMeta::open(&meta_path, meta_options).map_err(|error| meta_failure(&meta_path, &error))?;
    make_dir(&blobs_path)?;
    let blob_options = FileOptions {
        durability: blob_durability,
        budget: around.budget.clone(),
        clock: around.clock.clone(),
        random: around.random.clone(),
    };
    let blobs = FileBlobs::open(&blobs_path, blob_options).await;
    let blobs = Arc::new(blobs.map_err(|error| blob_failure(&blobs_path, &error))?);
    let meta = Arc::new(meta);
    let options = NativeOptions {
        inline_max_bytes: usize::try_from(settings.inline_max_bytes).unwrap_or(usize::MAX),
        clock: around.clock.clone(),
        ..NativeOptions::new(around.random.clone())
    };
    Ok(Base {
        engine: Engine::Local {
            native: NativeStore::new(meta.clone(), blobs.clone(), options),
            dir: settings.path.clone(),
            meta,
            blobs,
        },
        shown: settings.path.display().to_string(),
    })
}

/// What a metadata file's failure means to whoever starts the server.
pub(super) fn meta_failure(path: &Path, error: &MetaError) -> Failure {
    let advice = match error.kind {
        MetaErrorKind::Full => "the device is full: free some room first",
        MetaErrorKind::ReadOnly => "this user may not write there, or the file system is read-only",
        MetaErrorKind::Corrupt => {
            "the file is damaged or of a later version: keep a copy, and restore it from a backup or use the version that wrote it"
        }
        MetaErrorKind::Unavailable => "another process has it open: stop that process first",
        MetaErrorKind::Conflict(_) | MetaErrorKind::TooLarge | MetaErrorKind::Io => {
            "the operating system refused it"
        }
    };
    Failure::new(format!("{}: {}; {advice}", path.display(), with_causes(error)))
}

fn blob_failure(path: &Path, error: &BlobError) -> Failure {
    let advice = match error.kind {
        BlobErrorKind::Full => "the device is full: free some room first",
        BlobErrorKind::ReadOnly => "this user may not write there, or the file system is read-only",
        BlobErrorKind::Busy => "too many files are open: raise the limit (ulimit -n)",
        BlobErrorKind::Corrupt => "a file in it is damaged or of a later version",
        BlobErrorKind::NotFound | BlobErrorKind::Body(_) | BlobErrorKind::Io => {
            "the operating system refused it"
        }
    };
    Failure::new(format!("{}: {}; {advice}", path.display(), with_causes(error)))
}
