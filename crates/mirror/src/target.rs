use std::sync::Arc;

use store::SharedStore;

/// One store of a mirror, with all its own layers.
#[derive(Clone)]
pub struct Target {
    /// Its name in settings, logs and metrics; the journal knows it by this name.
    pub name: Arc<str>,
    /// The store.
    pub store: SharedStore,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The journal's number for a target, given to its name once and kept whatever the order of the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TargetNumber(pub(crate) u16);
