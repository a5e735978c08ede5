//! Small changes to known inputs, the same in every run.

/// A sequence of pseudo-random numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of this number.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    /// One to four changes to one of the inputs: bytes flipped, set, removed, repeated, or taken from another input.
    pub fn change(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut data = inputs.get(self.below(inputs.len())).cloned().unwrap_or_default();
        for _ in 0..=self.below(4) {
            self.change_once(&mut data, inputs);
        }
        data
    }

    fn change_once(&mut self, data: &mut Vec<u8>, inputs: &[Vec<u8>]) {
        const TELLING: &[u8] = b"\0\n\r\t %&+,-./0:;<=>?@[]\\^_{}~\x7f\x80\xff";
        let at = self.below(data.len() + 1);
        let end = (at + self.below(12)).min(data.len());
        match self.below(6) {
            0 if at < data.len() => data[at] ^= 1 << self.below(8),
            1 if at < data.len() => data[at] = TELLING[self.below(TELLING.len())],
            2 => drop(data.drain(at..end)),
            3 => data.insert(at, TELLING[self.below(TELLING.len())]),
            4 => {
                let piece = data[at..end].to_vec();
                data.splice(at..at, piece);
            }
            _ => {
                let other = inputs.get(self.below(inputs.len())).map_or(&[][..], Vec::as_slice);
                let from = self.below(other.len() + 1);
                let to = (from + self.below(24)).min(other.len());
                data.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
}
