use std::sync::Arc;

use blob::MemoryBlobs;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use types::Ceiling;

use super::{Base, Engine, SnapshotPlan, Surroundings};
use crate::config::MemoryStoreSettings;
use crate::failure::Failure;
use crate::snapshot;

/// Opens a store in memory, with what its snapshot holds.
pub(super) fn open(settings: &MemoryStoreSettings, around: &Surroundings) -> Result<Base, Failure> {
    let ceiling = settings.max_size_bytes.map_or_else(Ceiling::unlimited, Ceiling::new);
    let loaded = match &settings.snapshot {
        Some(path) => {
            snapshot::load(path, ceiling.clone()).map_err(|error| Failure::new(error.to_string()))?
        }
        None => None,
    };
    let (meta, blobs) =
        loaded.unwrap_or_else(|| (MemoryMeta::new(ceiling.clone()), MemoryBlobs::new(ceiling)));
    let blobs = Arc::new(blobs);
    let options = NativeOptions { clock: around.clock.clone(), ..NativeOptions::new(around.random.clone()) };
    let snapshot =
        settings.snapshot.clone().map(|path| SnapshotPlan { path, every: settings.snapshot_every });
    let shown = match &snapshot {
        Some(plan) => format!("in memory, snapshots in {}", plan.path.display()),
        None => "in memory".to_owned(),
    };
    Ok(Base {
        engine: Engine::Memory {
            native: NativeStore::new(Arc::new(meta.clone()), blobs.clone(), options),
            meta,
            blobs,
            snapshot,
        },
        shown,
    })
}
