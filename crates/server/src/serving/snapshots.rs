use std::sync::Arc;
use std::time::Duration;

use blob::MemoryBlobs;
use meta::MemoryMeta;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::snapshot;
use crate::stores::{Engine, OpenedStore, SnapshotPlan};

/// A memory store whose content outlives the process.
#[derive(Clone)]
pub(super) struct Snapshots {
    meta: MemoryMeta,
    blobs: Arc<MemoryBlobs>,
    plan: SnapshotPlan,
}

impl Snapshots {
    /// Those of the stores that keep one.
    pub(super) fn of(stores: &[OpenedStore]) -> Vec<Self> {
        let plan = |store: &OpenedStore| match &store.engine {
            Engine::Memory { meta, blobs, snapshot: Some(plan), .. } => {
                Some(Self { meta: meta.clone(), blobs: blobs.clone(), plan: plan.clone() })
            }
            Engine::Memory { .. } | Engine::Local { .. } | Engine::Remote(_) | Engine::Mirror(_) => None,
        };
        stores.iter().filter_map(plan).collect()
    }

    /// Writes the file whenever its time has come, until `shutdown` turns true; the last one is for [`Snapshots::save`].
    pub(super) async fn run(self, mut shutdown: watch::Receiver<bool>) {
        let Some(every) = self.plan.every else { return };
        let every = every.max(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(every) => {}
            }
            if let Err(failure) = self.clone().save().await {
                tracing::error!(%failure, "snapshot not written; the last one stays");
            }
        }
    }

    /// Writes the file now.
    ///
    /// # Errors
    /// Where it cannot be written; the last one is then still there.
    pub(super) async fn save(self) -> Result<(), Failure> {
        let path = self.plan.path.clone();
        let saving =
            tokio::task::spawn_blocking(move || snapshot::save(&self.plan.path, &self.meta, &self.blobs));
        match saving.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::new(error.to_string())),
            Err(_) => Err(Failure::new(format!("{}: writing the snapshot broke off", path.display()))),
        }
    }
}
