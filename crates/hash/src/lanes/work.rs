use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::compress::{LANES_MAX, Level};
use super::kernel::{BLOCK_BYTES, Block, State};
use crate::Md5;

/// One stream's digest and the frames that it has yet to take in.
#[derive(Default)]
pub(crate) struct Work {
    md5: Md5,
    frames: VecDeque<Bytes>,
    pending_bytes: usize,
}

impl Work {
    pub(crate) fn new(md5: Md5) -> Self {
        Self { md5, ..Self::default() }
    }

    /// Bytes that are not hashed yet.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// Adds a frame behind the others.
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.pending_bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Takes over the frames that came for the same stream meanwhile.
    pub(crate) fn append(&mut self, mut later: VecDeque<Bytes>) {
        self.pending_bytes += later.iter().map(Bytes::len).sum::<usize>();
        self.frames.append(&mut later);
    }

    /// Frames that are not hashed yet.
    pub(crate) fn frames(&self) -> usize {
        self.frames.len()
    }

    /// The digest; all frames must have been hashed.
    pub(crate) fn into_md5(self) -> Md5 {
        assert_eq!(self.pending_bytes, 0, "a digest of all bytes");
        self.md5
    }

    /// Hashes up to `max_bytes` of the first frame, this stream alone; the number of bytes.
    fn hash_front(&mut self, max_bytes: usize) -> usize {
        let Some(front) = self.frames.front() else { return 0 };
        let count = front.len().min(max_bytes);
        self.md5.update(&front[..count]);
        self.consume(count);
        count
    }

    /// Hashes what lies before the first frame that holds a whole block at a block's boundary.
    fn settle(&mut self) {
        while let Some(front) = self.frames.front() {
            let begun = self.md5.begun_bytes();
            if begun == 0 && front.len() >= BLOCK_BYTES {
                return;
            }
            self.hash_front(BLOCK_BYTES - begun);
        }
    }

    /// The whole blocks at the front, after [`Work::settle`]: none only where nothing is pending.
    fn blocks(&self) -> &[Block] {
        self.frames.front().map_or(&[], |front| front.as_chunks().0)
    }

    fn consume(&mut self, count: usize) {
        self.pending_bytes -= count;
        if let Some(front) = self.frames.front_mut() {
            front.advance(count);
            if front.is_empty() {
                self.frames.pop_front();
            }
        }
    }
}

/// Hashes about `quantum_bytes` of each stream, side by side, or what is pending where that is less. Streams beyond
/// [`Level::lanes`] are left alone.
pub(crate) fn hash_side_by_side(level: Level, streams: &mut [Work], quantum_bytes: usize) {
    let count = streams.len().min(level.lanes());
    let mut left_blocks = [quantum_bytes.div_ceil(BLOCK_BYTES); LANES_MAX];
    loop {
        let mut active: Vec<(&mut Work, &mut usize)> = streams[..count]
            .iter_mut()
            .zip(&mut left_blocks)
            .filter_map(|(work, left)| {
                work.settle();
                (*left > 0 && !work.blocks().is_empty()).then_some((work, left))
            })
            .collect();
        let steps = active.iter().map(|(work, left)| work.blocks().len().min(**left)).min();
        match (steps, active.as_mut_slice()) {
            (None, _) => return,
            (Some(steps), [(work, left)]) => {
                work.hash_front(steps * BLOCK_BYTES);
                **left -= steps;
            }
            (Some(steps), active) => hash_blocks(level, active, steps),
        }
    }
}

/// Hashes `steps` blocks of each of two streams or more.
fn hash_blocks(level: Level, active: &mut [(&mut Work, &mut usize)], steps: usize) {
    let mut states = [State::default(); LANES_MAX];
    let states = &mut states[..active.len()];
    let mut inputs: [&[Block]; LANES_MAX] = [&[]; LANES_MAX];
    for (lane, (work, _)) in active.iter().enumerate() {
        states[lane] = work.md5.state();
        inputs[lane] = &work.blocks()[..steps];
    }
    level.compress(states, &inputs[..active.len()]);
    for ((work, left), state) in active.iter_mut().zip(states) {
        work.md5.advance(*state, steps * BLOCK_BYTES);
        work.consume(steps * BLOCK_BYTES);
        **left -= steps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are the same in each run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % bound
        }

        fn bytes(&mut self, length: usize) -> Bytes {
            (0..length).map(|_| self.below(256) as u8).collect()
        }
    }

    /// The frames of one stream; few of them end between two blocks.
    fn frames(numbers: &mut Numbers) -> Vec<Bytes> {
        let count = numbers.below(6);
        let longest = [1, 63, 64, 65, 200, 1000, 5000][numbers.below(7)];
        let frame = |_| {
            let length = numbers.below(longest + 1);
            numbers.bytes(length)
        };
        (0..count).map(frame).collect()
    }

    fn work_of(frames: &[Bytes]) -> Work {
        let mut work = Work::default();
        frames.iter().filter(|frame| !frame.is_empty()).for_each(|frame| work.push(frame.clone()));
        work
    }

    #[test]
    fn every_level_agrees_with_one_stream_alone() {
        for level in Level::all() {
            let mut numbers = Numbers(7);
            for _ in 0..400 {
                let streams: Vec<_> = (0..=numbers.below(LANES_MAX)).map(|_| frames(&mut numbers)).collect();
                let mut works: Vec<_> = streams.iter().map(|frames| work_of(frames)).collect();
                let quantum_bytes = 1 + numbers.below(3000);
                while works.iter().any(|work| work.pending_bytes() > 0) {
                    works.rotate_left(1);
                    hash_side_by_side(level, &mut works, quantum_bytes);
                }
                let found: Vec<_> = works.into_iter().map(|work| work.into_md5().finish()).collect();
                for frames in &streams {
                    let digest = Md5::digest(&frames.concat());
                    assert!(found.contains(&digest), "{level:?}: {frames:?}");
                }
            }
        }
    }

    #[test]
    fn every_number_of_lanes_keeps_its_streams_apart() {
        for level in Level::all() {
            for count in 1..=level.lanes() {
                let streams: Vec<_> =
                    (0..count).map(|seed| Numbers(seed as u64).bytes(64 * 9 + seed)).collect();
                let mut works: Vec<_> =
                    streams.iter().map(|bytes| work_of(std::slice::from_ref(bytes))).collect();
                hash_side_by_side(level, &mut works, usize::MAX);
                for (work, bytes) in works.into_iter().zip(streams) {
                    assert_eq!(work.into_md5().finish(), Md5::digest(&bytes), "{level:?}, {count} streams");
                }
            }
        }
    }

    #[test]
    fn no_more_than_asked_for_is_hashed_where_there_is_more() {
        let mut works = [work_of(&[Bytes::from(vec![1; 10_000])]), work_of(&[Bytes::from(vec![2; 100])])];
        hash_side_by_side(Level::detect(), &mut works, 4096);
        assert_eq!(works.each_ref().map(Work::pending_bytes), [10_000 - 4096, 0]);
    }
}
