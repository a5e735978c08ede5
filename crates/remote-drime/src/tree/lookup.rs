use std::sync::Arc;

use store::{Missing, StoreError};
use types::{Context, ObjectKey};

use crate::api::{Entry, EntryId, FolderId, Lane};
use crate::drive::Drive;
use crate::folders::{Freshness, Label, Node};

/// What a key stands for.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    /// A file.
    File {
        /// It; the newest of that name.
        entry: Entry,
        /// Others of that name, which it replaces.
        older: Vec<Arc<Node>>,
    },
    /// An empty folder, which is its own directory marker.
    EmptyFolder(Entry),
}

/// The folders of a key, up to and with the last slash, and the segment behind them.
pub(crate) fn split(key: &str) -> (&str, &str) {
    key.split_at(key.rfind('/').map_or(0, |place| place + 1))
}

impl Drive {
    /// What a key stands for just now.
    ///
    /// # Errors
    /// `Missing(Key)`; failures of the drive.
    pub(crate) async fn lookup(
        self: &Arc<Self>,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        key: &ObjectKey,
        operation: &'static str,
    ) -> Result<Found, StoreError> {
        let found = self.look(cx, lane, bucket, key.as_str()).await;
        let found = found.map_err(crate::api::ApiError::into_store)?;
        if let Some(Found::File { entry, older }) = &found
            && !older.is_empty()
        {
            self.heal_later(lane, bucket, key.clone(), entry.id);
        }
        found.ok_or_else(|| StoreError::missing(Missing::Key, operation))
    }

    /// As [`Drive::lookup`], without healing anything.
    pub(crate) async fn look(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        key: &str,
    ) -> Result<Option<Found>, crate::api::ApiError> {
        self.look_by(cx, lane, bucket, key, Freshness::Recent).await
    }

    /// As [`Drive::look`], in a listing of this freshness.
    pub(crate) async fn look_by(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        key: &str,
        freshness: Freshness,
    ) -> Result<Option<Found>, crate::api::ApiError> {
        let (dir, segment) = split(key);
        let opened = self.open_dir(cx, lane, bucket, dir, freshness).await?;
        let label = Label::File(segment.to_owned());
        let mut files = Vec::new();
        for opened in &opened {
            files.extend(self.find_in(cx, lane, &opened.cell, &label).await?);
        }
        files.sort_by_key(|node| node.entry.age());
        if let Some(newest) = files.pop() {
            return Ok(Some(Found::File { entry: newest.entry.clone(), older: files }));
        }
        let is_marker = segment.is_empty() && !dir.is_empty();
        if !is_marker || !opened.iter().all(|opened| opened.cell.is_empty()) {
            return Ok(None);
        }
        let shown = opened.iter().find(|opened| !self.paths.is_unfilled(opened.folder));
        let Some(FolderId::Entry(id)) = shown.map(|opened| opened.folder) else { return Ok(None) };
        Ok(self.folder_entry(cx, lane, bucket, dir, id).await?.map(Found::EmptyFolder))
    }

    /// A folder as it stands in its own folder.
    async fn folder_entry(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        dir: &str,
        id: EntryId,
    ) -> Result<Option<Entry>, crate::api::ApiError> {
        let (parent, segment) = split(&dir[..dir.len() - 1]);
        let label = Label::Folder(segment.to_owned());
        for opened in self.open_dir(cx, lane, bucket, parent, Freshness::Recent).await? {
            let found = self.find_in(cx, lane, &opened.cell, &label).await?;
            if let Some(node) = found.into_iter().find(|node| node.entry.id == id) {
                return Ok(Some(node.entry.clone()));
            }
        }
        Ok(None)
    }
}
