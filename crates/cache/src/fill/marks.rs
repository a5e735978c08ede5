/// Which pieces of a block are asked for, and which are written.
#[derive(Debug)]
pub(super) struct Marks {
    pieces: u32,
    claimed: Bits,
    done: Bits,
}

#[derive(Debug)]
struct Bits(Box<[u64]>);

impl Bits {
    fn get(&self, place: u32) -> bool {
        self.0[place as usize / 64] >> (place % 64) & 1 == 1
    }

    fn set(&mut self, place: u32, value: bool) {
        let word = &mut self.0[place as usize / 64];
        *word = *word & !(1 << (place % 64)) | u64::from(value) << (place % 64);
    }
}

impl Marks {
    pub(super) fn new(pieces: u32) -> Self {
        let bits = || Bits(vec![0; pieces.div_ceil(64) as usize].into());
        Self { pieces, claimed: bits(), done: bits() }
    }

    /// Whether nobody asks for a piece, nor has.
    pub(super) fn is_free(&self, piece: u32) -> bool {
        !self.claimed.get(piece) && !self.done.get(piece)
    }

    pub(super) fn is_done(&self, piece: u32) -> bool {
        self.done.get(piece)
    }

    pub(super) fn claim(&mut self, piece: u32) {
        self.claimed.set(piece, true);
    }

    pub(super) fn release(&mut self, piece: u32) {
        self.claimed.set(piece, false);
    }

    pub(super) fn finish(&mut self, piece: u32) {
        self.claimed.set(piece, false);
        self.done.set(piece, true);
    }

    /// The first free piece from `from` on.
    pub(super) fn free_from(&self, from: u32) -> Option<u32> {
        (from..self.pieces).find(|piece| self.is_free(*piece))
    }

    pub(super) fn is_whole(&self) -> bool {
        (0..self.pieces).all(|piece| self.is_done(piece))
    }

    /// Whether nothing is written and nobody asks.
    pub(super) fn is_untouched(&self) -> bool {
        (0..self.pieces).all(|piece| self.is_free(piece))
    }
}
