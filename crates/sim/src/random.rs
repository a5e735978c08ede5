use std::sync::atomic::{AtomicU64, Ordering};

use types::Random;

/// Numbers that look random and repeat with the seed.
#[derive(Debug)]
pub struct SimRandom(AtomicU64);

impl SimRandom {
    /// The sequence of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    #[must_use]
    pub fn number(&self) -> u64 {
        mix(self.0.fetch_add(GOLDEN_GAMMA, Ordering::Relaxed).wrapping_add(GOLDEN_GAMMA))
    }

    /// A number below `bound`, which is not zero.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// True as often as not.
    #[must_use]
    pub fn coin(&self) -> bool {
        self.number() & 1 == 1
    }
}

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
fn mix(mut number: u64) -> u64 {
    number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

impl Random for SimRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let number = self.number().to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }
}
