use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::member::Member;
use super::{Pool, SHARED};
use crate::Md5;

/// A stream of so many bytes is hashed beside others from there on. A shorter one is over before that is worth anything.
const JOIN_AFTER_BYTES: usize = 256 * 1024;

/// The MD5 of a stream, computed beside those of other streams once it proves to be a long one.
pub(crate) struct StreamMd5 {
    pool: Arc<Pool>,
    state: State,
}

enum State {
    Alone { md5: Md5, seen_bytes: usize },
    Seated(Member),
}

impl StreamMd5 {
    /// Nothing yet; beside the other streams of this process.
    pub(crate) fn new() -> Self {
        Self::beside(SHARED.clone())
    }

    pub(super) fn beside(pool: Arc<Pool>) -> Self {
        Self { pool, state: State::Alone { md5: Md5::new(), seen_bytes: 0 } }
    }

    /// Takes in a frame, which is hashed now or later. Pending, it was not taken in, and the task is woken when it can be.
    pub(crate) fn poll_update(&mut self, frame: &Bytes, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.state {
            State::Seated(member) => return member.poll_push(frame, cx),
            State::Alone { md5, seen_bytes } => {
                md5.update(frame);
                *seen_bytes += frame.len();
                if *seen_bytes >= JOIN_AFTER_BYTES && self.pool.level.lanes() > 1 {
                    let md5 = std::mem::take(md5);
                    self.state = State::Seated(Member::join(self.pool.clone(), md5));
                }
            }
        }
        Poll::Ready(())
    }

    /// Hashes what was taken in and is not hashed yet.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Seated(member) = &mut self.state {
            ready!(member.poll_flush(cx));
        }
        Poll::Ready(())
    }

    /// The digest of all frames, after a flush.
    pub(crate) fn finish(self) -> [u8; 16] {
        match self.state {
            State::Alone { md5, .. } => md5.finish(),
            State::Seated(member) => member.leave().finish(),
        }
    }
}
