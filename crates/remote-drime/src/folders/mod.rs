//! What is in each folder: listings kept for a few seconds, one asked for at a time, with our own changes laid over them
//! until the service shows them.

mod cell;
mod fetch;
mod gone;
mod node;
mod overlay;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::time::Instant;
use types::{Context, Counter};

use crate::api::{Api, ApiError, ApiErrorKind, Entry, EntryId, FolderId, Lane};

pub(crate) use cell::Cell;
pub(crate) use node::{Label, Node};

/// How long a listing is believed.
pub(crate) const LISTING_TTL: Duration = Duration::from_secs(5);
/// The most entries of all listings kept; the oldest listings go first.
const KEPT_MAX_ENTRIES: usize = 1_000_000;

/// How new a listing must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Freshness {
    /// A few seconds old at most.
    Recent,
    /// Asked for after this moment.
    After(Instant),
}

/// What the listings cost.
#[derive(Debug, Default)]
pub(crate) struct FolderStats {
    /// Folders listed.
    pub(crate) fetched: Counter,
    /// Times that a listing at hand would do.
    pub(crate) hits: Counter,
    /// Times that a listing under way was waited for instead of asking again.
    pub(crate) joined: Counter,
    /// Folders that turned out to be gone or another one's.
    pub(crate) stale: Counter,
}

/// The folders that have been looked into. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Folders(Arc<Shared>);

struct Shared {
    api: Api,
    cells: Mutex<HashMap<FolderId, Arc<Cell>>>,
    gone: Arc<gone::Gone>,
    stats: FolderStats,
}

impl Folders {
    pub(crate) fn new(api: Api) -> Self {
        Self(Arc::new(Shared {
            api,
            cells: Mutex::default(),
            gone: Arc::default(),
            stats: FolderStats::default(),
        }))
    }

    pub(crate) fn stats(&self) -> &FolderStats {
        &self.0.stats
    }

    fn cell(&self, folder: FolderId) -> Arc<Cell> {
        let new = || Arc::new(Cell::new(self.0.gone.clone()));
        self.0.cells.lock().entry(folder).or_insert_with(new).clone()
    }

    /// A folder's content.
    ///
    /// # Errors
    /// `Gone` where the service does not know the folder, or answers with another one's content.
    ///
    /// # Cancel safety
    /// A listing that was asked for goes on for the others who wait for it.
    pub(crate) async fn content(
        &self,
        cx: &Context,
        lane: Lane,
        folder: FolderId,
        freshness: Freshness,
    ) -> Result<Arc<Cell>, ApiError> {
        let cell = self.cell(folder);
        let now = Instant::now();
        let needed = match freshness {
            Freshness::Recent => now.checked_sub(LISTING_TTL).unwrap_or(now),
            Freshness::After(moment) => moment,
        };
        loop {
            let flight = {
                let mut state = cell.state();
                if state.listed_since(needed) {
                    self.0.stats.hits.add(1);
                    drop(state);
                    return Ok(cell);
                }
                match &state.flight {
                    Some(flight) => {
                        self.0.stats.joined.add(1);
                        flight.clone()
                    }
                    None => {
                        let flight = self.clone().fly(cell.clone(), lane, folder);
                        state.flight.insert(flight).clone()
                    }
                }
            };
            let landed = within(cx, flight.future).await?;
            match landed {
                Err(error) if flight.begun_at >= needed => return Err(error),
                _ => {}
            }
        }
    }

    /// Asks for a listing in a task of its own.
    fn fly(self, cell: Arc<Cell>, lane: Lane, folder: FolderId) -> cell::Flight {
        self.0.stats.fetched.add(1);
        let begun_at = Instant::now();
        let task = tokio::spawn(async move {
            let fetched = fetch::fetch(&self.0.api, lane, folder).await;
            match fetched {
                Ok(entries) => {
                    cell.land(entries, begun_at);
                    self.make_room(folder);
                    Ok(())
                }
                Err(error) => {
                    if error.kind == ApiErrorKind::Gone {
                        self.0.stats.stale.add(1);
                    }
                    cell.state().flight = None;
                    Err(error)
                }
            }
        });
        let future = task
            .map(|joined| joined.unwrap_or(Err(ApiError::new(ApiErrorKind::Ambiguous, "list a folder"))))
            .boxed()
            .shared();
        cell::Flight { begun_at, future }
    }

    /// Drops the listings that were read longest ago while there is too much.
    fn make_room(&self, but: FolderId) {
        let mut cells = self.0.cells.lock();
        let mut total: usize = cells.values().map(|cell| cell.state().size()).sum();
        while total > KEPT_MAX_ENTRIES {
            let oldest = cells
                .iter()
                .filter(|(folder, cell)| **folder != but && cell.state().is_droppable())
                .min_by_key(|(_, cell)| cell.state().begun_at());
            let Some(oldest) = oldest.map(|(folder, _)| *folder) else { return };
            total -= cells.remove(&oldest).map_or(0, |cell| cell.state().size());
        }
    }

    /// Lays an entry that we have made or changed over the listing of its folder.
    pub(crate) fn show(&self, entry: Entry) {
        self.0.gone.remove(entry.id);
        self.cell(entry.parent).state().overlay.show(entry, Instant::now());
    }

    /// A folder that we have just made holds nothing.
    pub(crate) fn show_empty(&self, folder: EntryId) {
        self.cell(FolderId::Entry(folder)).land(Vec::new(), Instant::now());
    }

    /// Hides an entry that we have removed, with what was in it.
    pub(crate) fn bury(&self, parent: Option<FolderId>, id: EntryId) {
        self.0.gone.add(id);
        if let Some(parent) = parent {
            self.cell(parent).state().overlay.unshow(id);
        }
        self.0.cells.lock().remove(&FolderId::Entry(id));
    }

    /// Whether we have removed a folder.
    pub(crate) fn is_buried(&self, folder: FolderId) -> bool {
        folder.number().is_some_and(|id| self.0.gone.contains(id))
    }

    /// Forgets what is known of a folder that the service does not know, and looks anew into the one that it is in.
    pub(crate) fn forget(&self, folder: FolderId) {
        let mut cells = self.0.cells.lock();
        cells.remove(&folder);
        let Some(id) = folder.number() else { return };
        for cell in cells.values() {
            let mut state = cell.state();
            if state.holds(id) {
                state.overlay.unshow(id);
                state.expire();
            }
        }
    }

    /// The service does not know an entry that its folder is thought to hold: the folder is looked into anew.
    pub(crate) fn doubt(&self, folder: FolderId, id: EntryId) {
        let cell = self.cell(folder);
        let mut state = cell.state();
        state.overlay.unshow(id);
        state.expire();
    }
}

/// Waits within the caller's deadline.
async fn within<T>(cx: &Context, future: impl Future<Output = T>) -> Result<T, ApiError> {
    match cx.deadline {
        None => Ok(future.await),
        Some(deadline) => tokio::time::timeout_at(deadline.into(), future)
            .await
            .map_err(|_| ApiError::new(ApiErrorKind::Unavailable, "list a folder")),
    }
}
