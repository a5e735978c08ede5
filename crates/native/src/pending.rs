use std::sync::Arc;

use blob::BlobId;

use crate::collector::Discards;

/// A blob that was written and that no commit refers to yet. Dropping it has the blob removed, unless a commit that refers
/// to it may have taken effect.
pub(crate) struct PendingBlob {
    id: BlobId,
    fate: Fate,
    discards: Arc<Discards>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing refers to it.
    Unreferenced,
    /// A commit is under way, or ended without saying how: a later process sweeps the blob if it is an orphan.
    InDoubt,
    /// A record refers to it.
    Referenced,
}

impl PendingBlob {
    /// Watches over a blob that was just written.
    pub(crate) fn new(id: BlobId, discards: Arc<Discards>) -> Self {
        Self { id, fate: Fate::Unreferenced, discards }
    }

    /// The blob.
    pub(crate) fn id(&self) -> BlobId {
        self.id
    }

    /// A commit that refers to it begins.
    pub(crate) fn committing(&mut self) {
        self.fate = Fate::InDoubt;
    }

    /// The commit did not take effect.
    pub(crate) fn not_committed(&mut self) {
        self.fate = Fate::Unreferenced;
    }

    /// The commit took effect.
    pub(crate) fn committed(&mut self) {
        self.fate = Fate::Referenced;
    }
}

impl Drop for PendingBlob {
    fn drop(&mut self) {
        if self.fate == Fate::Unreferenced {
            self.discards.push(self.id);
        }
    }
}
