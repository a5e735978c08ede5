use std::num::NonZeroU8;

use crate::format::Id;

/// The names that a crypt layer keeps for itself. Layers that are stacked have levels, so that each has its own.
#[derive(Debug, Clone)]
pub(super) struct Reserved {
    /// Keys that begin so are the layer's own.
    pub(super) prefix: String,
    /// The name of user metadata that holds the envelope.
    pub(super) metadata: String,
}

impl Reserved {
    pub(super) fn new(level: NonZeroU8) -> Self {
        let suffix = match level.get() {
            1 => String::new(),
            level => format!("-{level}"),
        };
        Self { prefix: format!(".sluice/crypt{suffix}/"), metadata: format!("sluice-crypt{suffix}") }
    }

    pub(super) fn holds(&self, key: &str) -> bool {
        key.starts_with(&self.prefix)
    }

    /// All epoch keys.
    pub(super) fn epochs(&self) -> String {
        format!("{}epoch/", self.prefix)
    }

    /// One epoch key.
    pub(super) fn epoch(&self, id: &Id) -> String {
        let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}{hex}", self.epochs())
    }

    /// The key of encrypted names.
    pub(super) fn names(&self) -> String {
        format!("{}names", self.prefix)
    }
}
