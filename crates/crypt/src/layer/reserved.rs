use std::num::NonZeroU8;

use crate::format::Id;

/// The names that a crypt layer keeps for itself. Layers that are stacked have levels, so that each has its own.
#[derive(Debug, Clone)]
pub(super) struct Reserved {
    level: NonZeroU8,
    /// Keys that begin so are the layer's own.
    pub(super) prefix: String,
    /// The name of user metadata that holds the envelope.
    pub(super) metadata: String,
}

impl Reserved {
    pub(super) fn new(level: NonZeroU8) -> Self {
        let suffix = suffix(level.get());
        Self { level, prefix: format!(".sluice/crypt{suffix}/"), metadata: format!("sluice-crypt{suffix}") }
    }

    /// Whether a key is kept for this layer, or for one that may lie beneath it: that one would refuse it.
    pub(super) fn refuses(&self, key: &str) -> bool {
        let Some(rest) = key.strip_prefix(".sluice/crypt") else { return false };
        let of = |level| rest.strip_prefix(suffix(level).as_str()).is_some_and(|rest| rest.starts_with('/'));
        (1..=self.level.get()).any(of)
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

/// What the names of a level end with.
fn suffix(level: u8) -> String {
    if level == 1 { String::new() } else { format!("-{level}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_refuses_its_own_names_and_those_beneath() {
        let refuses = |level: u8, key: &str| Reserved::new(NonZeroU8::new(level).unwrap()).refuses(key);
        assert!(refuses(1, ".sluice/crypt/") && refuses(1, ".sluice/crypt/epoch/x"));
        assert!(refuses(2, ".sluice/crypt/x") && refuses(2, ".sluice/crypt-2/x"));
        for (level, key) in [
            (1, ".sluice/crypt-2/x"),
            (2, ".sluice/crypt-3/x"),
            (2, ".sluice/crypto"),
            (2, ".sluice/crypt"),
            (1, "a"),
        ] {
            assert!(!refuses(level, key), "{level} {key}");
        }
    }
}
