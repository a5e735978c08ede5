use std::collections::VecDeque;
use std::sync::Arc;

use store::{Missing, StoreError};
use tokio::sync::OwnedRwLockReadGuard;
use tokio::time::Instant;
use types::Context;

use crate::api::{ApiError, ApiErrorKind, Entry, FolderId, Lane, Made};
use crate::drive::Drive;
use crate::folders::{Freshness, Label};
use crate::names::{Meaning, Step, steps, twin_beginning, twin_steps};

/// How often a way is made again that somebody removes meanwhile.
const ATTEMPTS: usize = 4;

/// A place to put a file: the folder, kept from being removed while this is held.
pub(crate) struct Room {
    /// The folder.
    pub(crate) folder: FolderId,
    /// The file's name there.
    pub(crate) name: String,
    /// How it was come by.
    pub(crate) way: Way,
}

/// The folders from a bucket's on to a place, each kept from being removed while this is held.
pub(crate) struct Way {
    /// They, from the outermost on; never none.
    pub(crate) folders: Vec<FolderId>,
    inside: Vec<OwnedRwLockReadGuard<()>>,
}

impl Way {
    fn end(&self) -> FolderId {
        *self.folders.last().expect("a way begins with the bucket's folder")
    }
}

fn in_the_way() -> ApiError {
    ApiError::new(ApiErrorKind::Unprocessable, "make a folder")
}

impl Drive {
    /// Makes the way to a key: its folders, where they are not there yet.
    ///
    /// # Errors
    /// `Missing(Bucket)` where the bucket's folder is gone; failures of the drive.
    pub(crate) async fn make_room(
        self: &Arc<Self>,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        key: &str,
    ) -> Result<Room, StoreError> {
        let (dir, segment) = super::split(key);
        let mut names = steps(segment);
        let Some(last) = names.pop() else { return Err(StoreError::missing(Missing::Key, "make a way")) };
        for _ in 0..ATTEMPTS {
            let way = self.make_way(cx, lane, bucket, dir, &names).await;
            let way = match way {
                Err(error) if error.kind == ApiErrorKind::Gone => continue,
                way => way.map_err(ApiError::into_store)?,
            };
            // While we waited to get in, it may have been removed.
            if way.folders.iter().all(|folder| !self.folders.is_buried(*folder)) {
                return Ok(Room { folder: way.end(), name: last.name, way });
            }
            way.folders.iter().for_each(|folder| self.paths.forget(*folder));
        }
        let top = self.bucket_is_there(cx, lane, bucket).await?;
        let missing = StoreError::missing(Missing::Bucket, "make a way");
        if top { Err(StoreError::new(store::StoreErrorKind::Conflict, "make a way")) } else { Err(missing) }
    }

    /// Whether a bucket's folder is there at this moment.
    pub(crate) async fn bucket_is_there(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
    ) -> Result<bool, StoreError> {
        let FolderId::Entry(id) = bucket else { return Ok(true) };
        let now = Freshness::After(Instant::now());
        let top = self.folders.content(cx, lane, FolderId::Root, now).await.map_err(ApiError::into_store)?;
        Ok(top.entry(id).is_some_and(|node| node.entry.is_folder))
    }

    async fn make_way(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        dir: &str,
        beginnings: &[Step],
    ) -> Result<Way, ApiError> {
        let mut way = Way { inside: vec![self.gates.enter(bucket).await], folders: vec![bucket] };
        if self.folders.is_buried(bucket) {
            return Err(ApiError::new(ApiErrorKind::Gone, "make a way"));
        }
        for (end, _) in dir.match_indices('/') {
            let path = &dir[..=end];
            let folder = match self.known_folder(cx, lane, bucket, path).await? {
                Some(folder) => folder,
                None => {
                    let (_, segment) = super::split(&dir[..end]);
                    let folder = self.make_segment(cx, lane, segment, &mut way).await?;
                    self.paths.put(bucket, path, &[folder]);
                    folder
                }
            };
            way.inside.push(self.gates.enter(folder).await);
            way.folders.push(folder);
        }
        for step in beginnings {
            let folder = self.make_step(cx, lane, way.end(), step).await?.ok_or_else(in_the_way)?;
            way.inside.push(self.gates.enter(folder).await);
            way.folders.push(folder);
        }
        Ok(way)
    }

    async fn known_folder(
        &self,
        cx: &Context,
        lane: Lane,
        bucket: FolderId,
        path: &str,
    ) -> Result<Option<FolderId>, ApiError> {
        if let Some(known) = self.paths.get(bucket, path) {
            return Ok(known.folders.first().copied());
        }
        Ok(self
            .open_dir(cx, lane, bucket, path, Freshness::Recent)
            .await?
            .first()
            .map(|opened| opened.folder))
    }

    /// Makes the folder of a segment, through the folders of its beginnings where it is long.
    async fn make_segment(
        &self,
        cx: &Context,
        lane: Lane,
        segment: &str,
        way: &mut Way,
    ) -> Result<FolderId, ApiError> {
        let (mut at, mut rest) = (way.end(), segment);
        let mut plan = VecDeque::from(steps(segment));
        while let Some(step) = plan.pop_front() {
            let Some(folder) = self.make_step(cx, lane, at, &step).await? else {
                // A folder that differs by letter case only is in the way, unless this was to avoid it.
                let twins = VecDeque::from(twin_steps(rest));
                if twins.front() == Some(&step) {
                    return Err(in_the_way());
                }
                plan = twins;
                continue;
            };
            if let Meaning::Beginning(text) = &step.meaning {
                rest = &rest[text.len()..];
                way.inside.push(self.gates.enter(folder).await);
                way.folders.push(folder);
            }
            at = folder;
        }
        Ok(at)
    }

    /// Makes one folder, or finds it; `None` where one that differs by letter case only is in the way.
    async fn make_step(
        &self,
        cx: &Context,
        lane: Lane,
        parent: FolderId,
        step: &Step,
    ) -> Result<Option<FolderId>, ApiError> {
        let label = match &step.meaning {
            Meaning::Segment(text) => Label::Folder(text.clone()),
            Meaning::Beginning(text) => Label::Beginning(text.clone()),
        };
        let _making = self.makers.hold(parent).await;
        let cell = self.content(cx, lane, parent, Freshness::Recent).await?;
        if let Some(id) = oldest(&cell.find(&label)) {
            return Ok(Some(id));
        }
        let name = match (&step.meaning, cell.has_twin(&step.name)) {
            (_, false) => step.name.clone(),
            (Meaning::Beginning(text), true) => twin_beginning(text),
            (Meaning::Segment(_), true) => return Ok(None),
        };
        let asked_at = Instant::now();
        match self.api.make_folder(cx, lane, parent, &name).await {
            Ok(Made::New(folder)) if folder.parent == parent && folder.name == name => {
                self.adopt_folder(folder).await.map(Some)
            }
            // Not where it was asked for: the parent is gone.
            Ok(Made::New(folder)) => {
                self.api.delete(cx, lane, folder.id, crate::api::Fate::Trash).await?;
                Err(ApiError::new(ApiErrorKind::Gone, "make a folder"))
            }
            Ok(Made::Taken) => self.find_taken(cx, lane, parent, (&label, &name), asked_at).await,
            Err(error) if error.is_ambiguous() => {
                let cell = self.content(cx, lane, parent, Freshness::After(Instant::now())).await?;
                match cell.find(&label).first() {
                    Some(node) => self.adopt_folder(node.entry.clone()).await.map(Some),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// The folder is ours: it shows once something is in it.
    async fn adopt_folder(&self, folder: Entry) -> Result<FolderId, ApiError> {
        let id = FolderId::Entry(folder.id);
        self.paths.set_unfilled(id);
        self.folders.show_empty(folder.id);
        self.folders.show(folder);
        let recorded = self.record_made(id).await;
        recorded.map_err(|error| {
            tracing::error!(%error, "the ledger failed");
            ApiError::new(ApiErrorKind::Unavailable, "record a folder")
        })?;
        Ok(id)
    }

    /// The service says that the name is taken: by what we look for, by its twin, or it means that the parent is gone.
    async fn find_taken(
        &self,
        cx: &Context,
        lane: Lane,
        parent: FolderId,
        (label, name): (&Label, &str),
        asked_at: Instant,
    ) -> Result<Option<FolderId>, ApiError> {
        let cell = self.content(cx, lane, parent, Freshness::After(asked_at)).await?;
        match oldest(&cell.find(label)) {
            Some(folder) => Ok(Some(folder)),
            None if cell.has_twin(name) => Ok(None),
            None => {
                self.paths.forget(parent);
                self.folders.forget(parent);
                Err(ApiError::new(ApiErrorKind::Gone, "make a folder"))
            }
        }
    }
}

fn oldest(nodes: &[Arc<crate::folders::Node>]) -> Option<FolderId> {
    nodes.iter().map(|node| FolderId::Entry(node.entry.id)).min()
}
