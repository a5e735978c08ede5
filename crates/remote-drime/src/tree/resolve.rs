use std::sync::Arc;

use futures_util::future::BoxFuture;
use types::Context;

use crate::api::{ApiError, ApiErrorKind, FolderId, Lane};
use crate::drive::Drive;
use crate::folders::{Cell, Freshness, Label, Node};

/// A folder's content with the folder.
pub(crate) struct Opened {
    pub(crate) folder: FolderId,
    pub(crate) cell: Arc<Cell>,
}

impl Drive {
    /// The folders that a path leads to, none where it leads nowhere, with their content.
    ///
    /// A folder that the service no longer knows, or that turns out to be another one, is forgotten and the path is
    /// resolved once more.
    pub(crate) async fn open_dir(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        path: &str,
        freshness: Freshness,
    ) -> Result<Vec<Opened>, ApiError> {
        match self.open_once(cx, lane, bucket, path, freshness).await {
            Err(error) if error.kind == ApiErrorKind::Gone => {
                self.open_once(cx, lane, bucket, path, freshness).await
            }
            done => done,
        }
    }

    async fn open_once(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        path: &str,
        freshness: Freshness,
    ) -> Result<Vec<Opened>, ApiError> {
        let remembered = self.paths.get(bucket, path);
        let (folders, is_fresh) = match remembered {
            Some(remembered) => (remembered.folders, remembered.is_fresh),
            None => (self.resolve(cx, lane, bucket, path).await?, true),
        };
        let mut opened = Vec::with_capacity(folders.len());
        for folder in folders {
            let cell = self.content(cx, lane, folder, freshness).await?;
            // A folder that is gone may be answered with a listing of nothing.
            if !is_fresh && cell.is_empty() {
                self.paths.forget(folder);
                let again = self.resolve(cx, lane, bucket, path).await?;
                if !again.contains(&folder) {
                    return Err(self.lost(folder));
                }
            }
            opened.push(Opened { folder, cell });
        }
        Ok(opened)
    }

    fn lost(&self, folder: FolderId) -> ApiError {
        self.paths.forget(folder);
        self.folders.forget(folder);
        ApiError::new(ApiErrorKind::Gone, "find a folder")
    }

    /// A folder's content; one that is gone is forgotten.
    pub(crate) async fn content(
        &self,
        cx: &Context,
        lane: Lane,
        folder: FolderId,
        freshness: Freshness,
    ) -> Result<Arc<Cell>, ApiError> {
        let content = self.folders.content(cx, lane, folder, freshness).await;
        if content.as_ref().is_err_and(|error| error.kind == ApiErrorKind::Gone) {
            return Err(self.lost(folder));
        }
        content
    }

    /// Follows a path from the longest beginning of it that is known.
    async fn resolve(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        path: &str,
    ) -> Result<Vec<FolderId>, ApiError> {
        let (mut at, mut folders) = (0, self.bucket_roots(cx, lane, bucket).await?);
        for (end, _) in path.match_indices('/').rev() {
            if let Some(remembered) = self.paths.get(bucket, &path[..=end]).filter(|known| known.is_fresh) {
                (at, folders) = (end + 1, remembered.folders);
                break;
            }
        }
        if path.is_empty() && !folders.is_empty() {
            self.paths.put(bucket, path, &folders);
        }
        while at < path.len() && !folders.is_empty() {
            let end = at + path[at..].find('/').unwrap_or(path.len() - at);
            let label = Label::Folder(path[at..end].to_owned());
            let found = self.find(cx, lane, &folders, &label).await?;
            folders = found.iter().map(|node| FolderId::Entry(node.entry.id)).collect();
            folders.sort_unstable();
            at = end + 1;
            if !folders.is_empty() {
                self.paths.put(bucket, &path[..at.min(path.len())], &folders);
            }
        }
        Ok(folders)
    }

    /// The bucket's own folder, once it is sure that it is there.
    async fn bucket_roots(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
    ) -> Result<Vec<FolderId>, ApiError> {
        let FolderId::Entry(id) = bucket else { return Ok(vec![bucket]) };
        let top = self.folders.content(cx, lane, FolderId::Root, Freshness::Recent).await?;
        Ok(top.entry(id).filter(|node| node.entry.is_folder).map(|_| bucket).into_iter().collect())
    }

    /// All entries in these folders that are what is asked for, through the folders that long segments are split into.
    pub(crate) fn find<'a>(
        &'a self,
        cx: &'a Context,
        lane: Lane,
        folders: &'a [FolderId],
        label: &'a Label,
    ) -> BoxFuture<'a, Result<Vec<Arc<Node>>, ApiError>> {
        Box::pin(async move {
            let mut found = Vec::new();
            for folder in folders {
                let cell = self.content(cx, lane, *folder, Freshness::Recent).await?;
                found.extend(self.find_in(cx, lane, &cell, label).await?);
            }
            Ok(found)
        })
    }

    /// As [`Drive::find`] in one folder whose content is at hand.
    pub(crate) async fn find_in(
        &self,
        cx: &Context,
        lane: Lane,
        cell: &Cell,
        label: &Label,
    ) -> Result<Vec<Arc<Node>>, ApiError> {
        let mut found = cell.find(label);
        let (Label::File(text) | Label::Folder(text) | Label::Beginning(text)) = label;
        for beginning in cell.beginnings(text) {
            let Label::Beginning(begun) = &beginning.label else { continue };
            let rest = text[begun.len()..].to_owned();
            let rest = match label {
                Label::File(_) => Label::File(rest),
                Label::Folder(_) | Label::Beginning(_) => Label::Folder(rest),
            };
            found.extend(self.find(cx, lane, &[FolderId::Entry(beginning.entry.id)], &rest).await?);
        }
        Ok(found)
    }
}
