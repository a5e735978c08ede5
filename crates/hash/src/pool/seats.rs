use std::cmp::Reverse;
use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;

use super::{POOL_HELD_BYTES, RUN_MAX_BYTES, RUN_MIN_BYTES, STREAM_HELD_BYTES, STREAM_HELD_FRAMES};
use crate::Md5;
use crate::lanes::Work;

/// The streams of a pool and what they hold back.
#[derive(Default)]
pub(super) struct Seats {
    seats: Vec<Seat>,
    free: Vec<usize>,
    held_bytes: usize,
}

/// The place of one stream.
#[derive(Default)]
struct Seat {
    /// Away while somebody hashes it.
    work: Option<Work>,
    /// Frames that came while the work was away.
    later: VecDeque<Bytes>,
    /// What is held back, be it here or away.
    held_bytes: usize,
    /// Who waits for the work to come back.
    waiting: Option<Waker>,
    /// The stream is gone: the seat becomes free when the work comes back.
    left: bool,
}

impl Seats {
    /// Gives a stream a seat.
    pub(super) fn join(&mut self, md5: Md5) -> usize {
        let seat = Seat { work: Some(Work::new(md5)), ..Seat::default() };
        match self.free.pop() {
            Some(index) => {
                self.seats[index] = seat;
                index
            }
            None => {
                self.seats.push(seat);
                self.seats.len() - 1
            }
        }
    }

    /// Whether the stream must hash before it holds back another frame.
    pub(super) fn is_full(&self, index: usize) -> bool {
        let (seat, is_alone) = (&self.seats[index], self.seats.len() - self.free.len() == 1);
        let frames = seat.later.len() + seat.work.as_ref().map_or(0, Work::frames);
        let bound_bytes = if is_alone { 1 } else { STREAM_HELD_BYTES };
        seat.held_bytes >= bound_bytes || frames >= STREAM_HELD_FRAMES || self.held_bytes >= POOL_HELD_BYTES
    }

    /// Holds back a frame.
    pub(super) fn push(&mut self, index: usize, frame: Bytes) {
        let seat = &mut self.seats[index];
        self.held_bytes += frame.len();
        seat.held_bytes += frame.len();
        match &mut seat.work {
            Some(work) => work.push(frame),
            None => seat.later.push_back(frame),
        }
    }

    /// Bytes of the stream that are not hashed yet.
    pub(super) fn held_bytes(&self, index: usize) -> usize {
        self.seats[index].held_bytes
    }

    /// Whether somebody hashes the stream; then `waker` is woken when that is over.
    pub(super) fn waits(&mut self, index: usize, waker: &Waker) -> bool {
        let seat = &mut self.seats[index];
        let is_away = seat.work.is_none();
        if is_away {
            seat.waiting = Some(waker.clone());
        }
        is_away
    }

    /// Takes the work of this stream and of those others that hold back the most, `lanes` in all, and tells how much of each
    /// to hash: so much that most lanes are busy to the end.
    pub(super) fn take(&mut self, index: usize, lanes: usize) -> (Vec<(usize, Work)>, usize) {
        let is_ready = |seat: &Seat| seat.work.is_some() && seat.held_bytes > 0;
        let mut chosen: Vec<usize> =
            (0..self.seats.len()).filter(|&other| other != index && is_ready(&self.seats[other])).collect();
        if chosen.len() >= lanes {
            chosen.select_nth_unstable_by_key(lanes - 1, |&other| Reverse(self.seats[other].held_bytes));
            chosen.truncate(lanes - 1);
        }
        chosen.push(index);
        let held = chosen.iter().map(|&seat| self.seats[seat].held_bytes);
        let least = held.filter(|held| *held >= RUN_MIN_BYTES).min().unwrap_or(0);
        let quantum_bytes = least.clamp(RUN_MIN_BYTES, RUN_MAX_BYTES);
        let works = chosen.into_iter().filter_map(|seat| Some((seat, self.seats[seat].work.take()?)));
        (works.collect(), quantum_bytes)
    }

    /// Takes a work back, with the frames that came meanwhile; returns who waited for it.
    pub(super) fn give_back(&mut self, index: usize, mut work: Work) -> Option<Waker> {
        let seat = &mut self.seats[index];
        work.append(std::mem::take(&mut seat.later));
        self.held_bytes -= seat.held_bytes - work.pending_bytes();
        seat.held_bytes = work.pending_bytes();
        seat.work = Some(work);
        if seat.left {
            self.vacate(index);
            return None;
        }
        seat.waiting.take()
    }

    /// The stream leaves with its digest, of which nothing may be held back any more.
    pub(super) fn leave(&mut self, index: usize) -> Option<Md5> {
        self.vacate(index).map(Work::into_md5)
    }

    /// The stream leaves and nobody wants its digest.
    pub(super) fn abandon(&mut self, index: usize) {
        let seat = &mut self.seats[index];
        seat.left = seat.work.is_none();
        if !seat.left {
            self.vacate(index);
        }
    }

    fn vacate(&mut self, index: usize) -> Option<Work> {
        let seat = std::mem::take(&mut self.seats[index]);
        self.held_bytes -= seat.held_bytes;
        self.free.push(index);
        if self.free.len() == self.seats.len() {
            *self = Self::default();
        }
        seat.work
    }

    #[cfg(test)]
    pub(super) fn all_held_bytes(&self) -> usize {
        self.held_bytes
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.seats.len() - self.free.len()
    }
}
