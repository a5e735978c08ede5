use super::kernel::{Block, State};
#[cfg(target_arch = "x86_64")]
use super::x86;

/// The most streams that any level hashes at once.
pub(crate) const LANES_MAX: usize = 16;

/// What this machine's vectors can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Nothing that we know of: one stream after another.
    Single,
    /// Four streams at once.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// Eight.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Sixteen, with fewer instructions for each step.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best that this machine has.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn detect() -> Self {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            Self::Avx512
        } else if is_x86_feature_detected!("avx2") {
            Self::Avx2
        } else if is_x86_feature_detected!("sse2") {
            Self::Sse2
        } else {
            Self::Single
        }
    }

    /// The best that this machine has.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn detect() -> Self {
        Self::Single
    }

    /// The levels that this machine has.
    #[cfg(all(test, target_arch = "x86_64"))]
    pub(crate) fn all() -> Vec<Self> {
        let best = Self::detect();
        let all = [Self::Single, Self::Sse2, Self::Avx2, Self::Avx512];
        all.into_iter().filter(|level| level.lanes() <= best.lanes()).collect()
    }

    /// The levels that this machine has.
    #[cfg(all(test, not(target_arch = "x86_64")))]
    pub(crate) fn all() -> Vec<Self> {
        vec![Self::Single]
    }

    /// How many streams are hashed at once.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Self::Single => 1,
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => 4,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 8,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => LANES_MAX,
        }
    }

    /// Compresses the blocks of each lane into its state. There are two lanes or more, [`Level::lanes`] at most, all with as
    /// many blocks.
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, reason = "functions of vectors that not every processor has")]
    pub(super) fn compress(self, states: &mut [State], inputs: &[&[Block]]) {
        assert!(states.len() == inputs.len() && (2..=self.lanes()).contains(&states.len()));
        let avx512 = self == Self::Avx512;
        // SAFETY: a level is only made by `detect`, or is below one that was; so this processor has the vectors of each
        // function that is called here under the condition on the level.
        unsafe {
            match states.len() {
                ..=4 if avx512 => padded(states, inputs, |s, i| x86::avx512_x4(s, i)),
                ..=4 => padded(states, inputs, |s, i| x86::sse2_x4(s, i)),
                5..=8 if avx512 => padded(states, inputs, |s, i| x86::avx512_x8(s, i)),
                5..=8 => padded(states, inputs, |s, i| x86::avx2_x8(s, i)),
                _ => padded(states, inputs, |s, i| x86::avx512_x16(s, i)),
            }
        }
    }

    /// Compresses the blocks of each lane into its state.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn compress(self, _: &mut [State], _: &[&[Block]]) {
        unreachable!("two streams are never given to a level of one lane");
    }
}

/// Calls a kernel of `N` lanes for as many as there are; the others repeat the last one.
#[cfg(target_arch = "x86_64")]
fn padded<const N: usize>(
    states: &mut [State],
    inputs: &[&[Block]],
    kernel: impl FnOnce(&mut [State; N], [&[Block]; N]),
) {
    let last = states.len() - 1;
    let mut all = std::array::from_fn(|lane| states[lane.min(last)]);
    kernel(&mut all, std::array::from_fn(|lane| inputs[lane.min(last)]));
    states.copy_from_slice(&all[..=last]);
}
