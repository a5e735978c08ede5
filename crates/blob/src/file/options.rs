use std::sync::Arc;

use types::{Budget, Clock, Random};

/// What an acknowledged write withstands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of the process and the loss of power: file and directory are synced before a write returns.
    #[default]
    Strict,
    /// The end of the process only: nothing is synced, and a power cut may lose or damage what was written in the last
    /// half minute or so. Damage is found by the checksums when it is read.
    Relaxed,
}

/// How to open blobs on files.
#[derive(Clone)]
pub struct FileOptions {
    /// What an acknowledged write withstands.
    pub durability: Durability,
    /// Where frames come from, for reading, and room for frames on their way to the device.
    pub budget: Budget,
    /// Tells when an epoch is old.
    pub clock: Arc<dyn Clock>,
    /// Makes ids that no other directory issued.
    pub random: Arc<dyn Random>,
}
