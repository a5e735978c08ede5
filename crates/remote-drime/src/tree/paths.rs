use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::api::FolderId;
use crate::folders::LISTING_TTL;

/// The most paths that are remembered.
const PATHS_MAX: usize = 100_000;

/// A path, from a bucket's folder on: empty, or ending in a slash.
type Path = (FolderId, String);

/// Where paths lead: the folders of each, the one to write to first. A path leads to several where folders of one name
/// stand side by side.
#[derive(Default)]
pub(crate) struct Paths {
    known: Mutex<HashMap<Path, Known>>,
    /// Folders that we have made and that hold nothing yet: they are not shown.
    unfilled: Mutex<HashSet<FolderId>>,
}

#[derive(Clone)]
struct Known {
    folders: Vec<FolderId>,
    seen_at: Instant,
}

/// A path that is known.
pub(super) struct Remembered {
    pub(super) folders: Vec<FolderId>,
    /// Whether it was seen so lately that it needs no second look.
    pub(super) is_fresh: bool,
}

impl Paths {
    pub(super) fn get(&self, bucket: FolderId, path: &str) -> Option<Remembered> {
        let known = self.known.lock().get(&(bucket, path.to_owned())).cloned()?;
        let is_fresh = known.seen_at.elapsed() < LISTING_TTL;
        Some(Remembered { folders: known.folders, is_fresh })
    }

    pub(super) fn put(&self, bucket: FolderId, path: &str, folders: &[FolderId]) {
        let mut known = self.known.lock();
        if known.len() >= PATHS_MAX {
            let mut place = 0_usize;
            known.retain(|_, _| {
                place += 1;
                !place.is_multiple_of(8)
            });
        }
        let entry = Known { folders: folders.to_vec(), seen_at: Instant::now() };
        known.insert((bucket, path.to_owned()), entry);
    }

    /// Forgets a folder, and where paths through it lead.
    pub(crate) fn forget(&self, folder: FolderId) {
        let mut known = self.known.lock();
        let through: Vec<Path> = known
            .iter()
            .filter(|(_, known)| known.folders.contains(&folder))
            .map(|(path, _)| path.clone())
            .collect();
        known.retain(|(bucket, path), _| {
            *bucket != folder
                && !through.iter().any(|(b, prefix)| b == bucket && path.starts_with(prefix.as_str()))
        });
        self.unfilled.lock().remove(&folder);
    }

    pub(super) fn set_unfilled(&self, folder: FolderId) {
        self.unfilled.lock().insert(folder);
    }

    /// Whether something was put there for the first time.
    pub(super) fn fill(&self, folder: FolderId) -> bool {
        self.unfilled.lock().remove(&folder)
    }

    pub(crate) fn is_unfilled(&self, folder: FolderId) -> bool {
        self.unfilled.lock().contains(&folder)
    }
}
