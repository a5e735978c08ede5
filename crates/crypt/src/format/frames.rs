use std::collections::VecDeque;

use bytes::Bytes;
use types::{Budget, FRAME_MIN_BYTES, FrameBuffer};

/// Where a frame's bytes are.
enum Memory {
    Budgeted(FrameBuffer),
    /// The budget had none to give just then.
    Own(Vec<u8>),
}

impl Memory {
    fn room(&mut self) -> &mut [u8] {
        match self {
            Self::Budgeted(frame) => frame.as_mut_slice(),
            Self::Own(bytes) => bytes,
        }
    }

    fn capacity(&self) -> usize {
        match self {
            Self::Budgeted(frame) => frame.capacity(),
            Self::Own(bytes) => bytes.len(),
        }
    }
}

/// Puts bytes into frames, one behind the other.
///
/// It never waits for the budget: whoever seals or opens holds a frame of the other side meanwhile, and enough of such that
/// wait would wait for each other. Where the budget has nothing to give, a frame of the smallest size is made beside it, one
/// at a time for each stream.
pub(crate) struct Frames {
    budget: Budget,
    filling: Option<(Memory, usize)>,
    full: VecDeque<Bytes>,
    scratch: Vec<u8>,
}

impl Frames {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, filling: None, full: VecDeque::new(), scratch: Vec::new() }
    }

    /// A frame that is full.
    pub(crate) fn full(&mut self) -> Option<Bytes> {
        self.full.pop_front()
    }

    /// What has been put so far, so that nothing is held while its stream waits.
    pub(crate) fn flush(&mut self) -> Option<Bytes> {
        if self.full.is_empty() {
            self.close();
        }
        self.full.pop_front()
    }

    fn close(&mut self) {
        let Some((memory, used)) = self.filling.take() else { return };
        self.full.push_back(match memory {
            Memory::Budgeted(frame) => frame.freeze(0..used),
            Memory::Own(mut bytes) => {
                bytes.truncate(used);
                bytes.into()
            }
        });
    }

    /// The free room of the frame that is being filled; a new one for `wanted_bytes` where that one has none.
    fn room(&mut self, wanted_bytes: u64) -> &mut [u8] {
        if self.filling.as_ref().is_some_and(|(memory, used)| *used == memory.capacity()) {
            self.close();
        }
        let budget = &self.budget;
        let (memory, used) = self.filling.get_or_insert_with(|| {
            let own =
                || vec![0; FRAME_MIN_BYTES.min(usize::try_from(wanted_bytes).unwrap_or(FRAME_MIN_BYTES))];
            let memory = budget.try_frame(wanted_bytes).map_or_else(|| Memory::Own(own()), Memory::Budgeted);
            (memory, 0)
        });
        &mut memory.room()[*used..]
    }

    fn advance(&mut self, bytes: usize) {
        if let Some((_, used)) = &mut self.filling {
            *used += bytes;
        }
    }

    /// Copies bytes in; `wanted_bytes` are expected in all from here on.
    pub(crate) fn put(&mut self, mut bytes: &[u8], wanted_bytes: u64) {
        while !bytes.is_empty() {
            let room = self.room(wanted_bytes.max(bytes.len() as u64));
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            self.advance(count);
            bytes = &bytes[count..];
        }
    }

    /// Has `count` bytes written where they shall stand, or, where a frame ends between, beside it and copied.
    pub(crate) fn write<E>(
        &mut self,
        count: usize,
        wanted_bytes: u64,
        write: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if count == 0 {
            return write(&mut []);
        }
        let room = self.room(wanted_bytes.max(count as u64));
        if let Some(place) = room.get_mut(..count) {
            write(place)?;
            self.advance(count);
            return Ok(());
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.resize(count, 0);
        let written = write(&mut scratch);
        if written.is_ok() {
            self.put(&scratch, wanted_bytes);
        }
        self.scratch = scratch;
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(frames: &mut Frames) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(frame) = frames.flush() {
            all.extend_from_slice(&frame);
        }
        all
    }

    #[test]
    fn bytes_stand_in_order_whatever_the_budget_has() {
        let budget = Budget::new(1 << 20);
        let taken: Vec<_> = std::iter::from_fn(|| budget.try_frame(1)).collect();
        assert_eq!(budget.used_bytes(), budget.total_bytes());
        for held in [taken, Vec::new()] {
            let mut frames = Frames::new(budget.clone());
            let mut expected = Vec::new();
            for (number, count) in (1_u8..).zip([1, 0, 65_535, 65_536, 65_552, 300_000, 7]) {
                let fill = |room: &mut [u8]| {
                    room.fill(number);
                    Ok::<(), ()>(())
                };
                frames.write(count, 10, fill).unwrap();
                expected.resize(expected.len() + count, number);
            }
            assert!(drain(&mut frames) == expected);
            drop(held);
        }
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let mut frames = Frames::new(Budget::new(1 << 20));
        frames.put(b"ab", 2);
        assert_eq!(frames.write(5, 5, |_| Err("no")), Err("no"));
        assert_eq!(frames.write(5, 5, |_| Err("no")), Err("no"));
        frames.put(b"c", 1);
        assert_eq!(drain(&mut frames), b"abc");
    }
}
