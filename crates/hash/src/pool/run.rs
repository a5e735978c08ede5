use super::Pool;
use crate::lanes::{Work, hash_side_by_side};

/// Work of several streams that was taken to be hashed. Dropped, it is back in its seats.
pub(super) struct Run<'a> {
    pool: &'a Pool,
    seats: Vec<usize>,
    works: Vec<Work>,
}

impl<'a> Run<'a> {
    /// Hashes a piece of the stream and of others beside it.
    pub(super) fn with(pool: &'a Pool, index: usize) {
        let taken = pool.seats().take(index, pool.level.lanes());
        Run::of(pool, taken);
    }

    /// Hashes what was taken, so many bytes of each.
    pub(super) fn of(pool: &'a Pool, (taken, quantum_bytes): (Vec<(usize, Work)>, usize)) {
        let (seats, works) = taken.into_iter().unzip();
        let mut run = Run { pool, seats, works };
        hash_side_by_side(run.pool.level, &mut run.works, quantum_bytes);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let mut seats = self.pool.seats();
        let back = self.seats.drain(..).zip(self.works.drain(..));
        let waiting: Vec<_> = back.filter_map(|(index, work)| seats.give_back(index, work)).collect();
        drop(seats);
        waiting.into_iter().for_each(std::task::Waker::wake);
    }
}
