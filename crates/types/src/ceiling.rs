use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A limit in bytes that several stores in memory share. Cloning shares the account.
#[derive(Debug, Clone)]
pub struct Ceiling(Arc<Account>);

#[derive(Debug)]
struct Account {
    max_bytes: u64,
    used_bytes: AtomicU64,
}

/// The bytes do not fit under the ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverCeiling;

impl std::fmt::Display for OverCeiling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the size limit of the store in memory is reached")
    }
}

impl std::error::Error for OverCeiling {}

impl Ceiling {
    /// A ceiling of `max_bytes`, nothing used.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self(Arc::new(Account { max_bytes, used_bytes: AtomicU64::new(0) }))
    }

    /// No limit; what is used is counted all the same.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Takes `bytes` of what is free.
    ///
    /// # Errors
    /// [`OverCeiling`] where that is less; nothing is taken then.
    pub fn take(&self, bytes: u64) -> Result<(), OverCeiling> {
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.0.max_bytes);
        let taken = self.0.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        taken.map(drop).map_err(|_| OverCeiling)
    }

    /// Gives back `bytes` that were taken.
    pub fn give_back(&self, bytes: u64) {
        let before = self.0.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        debug_assert!(before >= bytes, "more given back than was taken");
    }

    /// Bytes in use now.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The limit.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.0.max_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_up_to_the_limit_and_nothing_past_it() {
        let ceiling = Ceiling::new(10);
        let other = ceiling.clone();
        assert_eq!(ceiling.take(4), Ok(()));
        assert_eq!(other.take(7), Err(OverCeiling));
        assert_eq!(other.take(6), Ok(()));
        assert_eq!(ceiling.take(1), Err(OverCeiling));
        assert_eq!(ceiling.take(u64::MAX), Err(OverCeiling));
        ceiling.give_back(6);
        assert_eq!((ceiling.used_bytes(), other.take(6)), (4, Ok(())));
    }
}
