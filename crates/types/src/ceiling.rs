use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A hard limit on the bytes that several stores in memory hold together. Cloning shares the account.
#[derive(Debug, Clone)]
pub struct Ceiling(Arc<Account>);

#[derive(Debug)]
struct Account {
    used_bytes: AtomicU64,
    max_bytes: u64,
}

impl Ceiling {
    /// A ceiling of `max_bytes`.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self(Arc::new(Account { used_bytes: AtomicU64::new(0), max_bytes }))
    }

    /// An account without a limit.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Takes `bytes`; false, and nothing taken, where they do not fit any more.
    #[must_use]
    pub fn take(&self, bytes: u64) -> bool {
        let grown = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.0.max_bytes);
        self.0.used_bytes.try_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_ok()
    }

    /// Gives back `bytes` that were taken before.
    pub fn give_back(&self, bytes: u64) {
        let before = self.0.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        debug_assert!(before >= bytes, "more given back than taken");
    }

    /// Bytes taken now.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The limit; `u64::MAX` where there is none.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.0.max_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_fits_and_one_past_it_does_not() {
        let ceiling = Ceiling::new(10);
        assert!(ceiling.take(4));
        assert!(!ceiling.clone().take(7));
        assert!(ceiling.clone().take(6));
        assert_eq!(ceiling.used_bytes(), 10);
        ceiling.give_back(1);
        assert!(!ceiling.take(u64::MAX));
        assert!(ceiling.take(1));
    }
}
