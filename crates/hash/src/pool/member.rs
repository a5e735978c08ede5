use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::Pool;
use super::run::Run;
use crate::Md5;

/// A stream's seat in a pool, given up on drop.
pub(super) struct Member {
    pool: Arc<Pool>,
    index: usize,
    left: bool,
}

impl Member {
    /// Joins a pool with the digest so far.
    pub(super) fn join(pool: Arc<Pool>, md5: Md5) -> Self {
        let index = pool.seats().join(md5);
        Self { pool, index, left: false }
    }

    /// Takes in a frame. Pending, it was not taken in.
    pub(super) fn poll_push(&mut self, frame: &Bytes, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut seats = self.pool.seats();
            // A pool that is full of what others hash at this moment has no work left to take.
            if !seats.is_full(self.index) || seats.held_bytes(self.index) == 0 {
                seats.push(self.index, frame.clone());
                return Poll::Ready(());
            }
            if seats.waits(self.index, cx.waker()) {
                return Poll::Pending;
            }
            drop(seats);
            Run::with(&self.pool, self.index);
        }
    }

    /// Hashes all that is held back.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut seats = self.pool.seats();
            if seats.waits(self.index, cx.waker()) {
                return Poll::Pending;
            }
            if seats.held_bytes(self.index) == 0 {
                return Poll::Ready(());
            }
            drop(seats);
            Run::with(&self.pool, self.index);
        }
    }

    /// The digest, after a flush.
    pub(super) fn leave(mut self) -> Md5 {
        self.left = true;
        self.pool.seats().leave(self.index).expect("after a flush nobody has anything of it to hash")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if !self.left {
            self.pool.seats().abandon(self.index);
        }
    }
}
