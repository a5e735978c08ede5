use tokio::time::Instant;
use types::Context;

use super::split;
use crate::api::{ApiError, Entry, Fate, FolderId, Lane};
use crate::drive::Drive;
use crate::folders::Freshness;

/// The record that a folder is ours: 0 while nothing was put there, 1 since.
fn made(folder: FolderId) -> Vec<u8> {
    match folder {
        FolderId::Root => b"made/root".to_vec(),
        FolderId::Entry(id) => format!("made/{id}").into_bytes(),
    }
}

/// The beginning of all such records.
pub(crate) const MADE: &[u8] = b"made/";

impl Drive {
    /// Removes an entry from the drive and from what is known of its folder.
    pub(crate) async fn remove_entry(
        &self,
        cx: &Context,
        lane: Lane,
        entry: &Entry,
        fate: Fate,
    ) -> Result<(), ApiError> {
        self.api.delete(cx, lane, entry.id, fate).await?;
        self.folders.bury(Some(entry.parent), entry.id);
        if entry.is_folder {
            self.paths.forget(FolderId::Entry(entry.id));
        }
        Ok(())
    }

    /// Records that we have made a folder. Until something is put there it is not shown.
    pub(super) async fn record_made(&self, folder: FolderId) -> Result<(), store::StoreError> {
        self.paths.set_unfilled(folder);
        self.ledger.put_value(&made(folder), &[0]).await
    }

    /// Records that something has been put into folders that may have been made for it.
    pub(crate) async fn fill(&self, folders: &[FolderId]) -> Result<(), store::StoreError> {
        for folder in folders {
            if self.paths.fill(*folder) {
                self.ledger.put_value(&made(*folder), &[1]).await?;
            }
        }
        Ok(())
    }

    /// Removes the folders of a path that we have made and that are empty, from the innermost outwards. A failure leaves
    /// an empty folder behind, which is no more than untidy.
    pub(crate) async fn prune(&self, cx: &Context, lane: Lane, bucket: FolderId, path: &str) {
        let mut path = path;
        while !path.is_empty() {
            match self.prune_one(cx, lane, bucket, path).await {
                Ok(true) => path = split(&path[..path.len() - 1]).0,
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, path, "an empty folder could not be removed");
                    return;
                }
            }
        }
    }

    async fn prune_one(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        path: &str,
    ) -> Result<bool, store::StoreError> {
        let dir = self.open_dir(cx, lane, bucket, path, Freshness::Recent).await;
        let mut emptied = false;
        for opened in dir.map_err(ApiError::into_store)? {
            if !opened.cell.is_empty() {
                return Ok(false);
            }
            emptied |= self.remove_if_ours(cx, lane, opened.folder).await?;
        }
        Ok(emptied)
    }

    /// Removes a folder if it is empty and we have made it. Says whether it did.
    pub(crate) async fn remove_if_ours(
        &self,
        cx: &Context,
        lane: Lane,
        folder: FolderId,
    ) -> Result<bool, store::StoreError> {
        let FolderId::Entry(id) = folder else { return Ok(false) };
        let Some(_closed) = self.gates.try_close(folder) else { return Ok(false) };
        if self.ledger.value(&made(folder)).await?.is_none() {
            return Ok(false);
        }
        // A look of this moment: somebody else may have put something there.
        let now = Freshness::After(Instant::now());
        match self.content(cx, lane, folder, now).await {
            Ok(cell) if !cell.is_empty() => return Ok(false),
            Err(error) if error.kind != crate::api::ApiErrorKind::Gone => return Err(error.into_store()),
            _ => {}
        }
        // To the trash, with whatever somebody else puts there in this very moment.
        self.api.delete(cx, lane, id, Fate::Trash).await.map_err(ApiError::into_store)?;
        self.folders.bury(None, id);
        self.paths.forget(folder);
        self.ledger.remove_value(&made(folder)).await?;
        self.stats.folders_removed.add(1);
        Ok(true)
    }
}
