//! How much of a body a mirror holds at once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use mirror::WritePolicy;
use types::{Body, BodyError, BodyStream, Frame};

use crate::faults::Mood;
use crate::world::{World, noted};

/// Frames of the body: many times what may be held. Large ones, so that what the targets gather of small ones is none.
const FRAMES: usize = 100;
const FRAME_BYTES: usize = 256 * 1024;
/// Frames that may be alive at once: the window of the slowest target, the one held back, the one being read and those in
/// the targets' hands.
const HELD_MAX: usize = 16;

/// Counts the frames that somebody holds.
struct Counted(Bytes, Arc<AtomicUsize>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Source {
    left: usize,
    alive: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl BodyStream for Source {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        let alive = self.alive.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(alive, Ordering::Relaxed);
        let frame = Counted(vec![1; FRAME_BYTES].into(), self.alive.clone());
        Poll::Ready(Some(Ok(Frame::Data(Bytes::from_owner(frame)))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_never_held_beyond_the_window_however_slow_a_target_is() {
    for (mood, write) in [
        (Mood::Well, WritePolicy::All),
        (Mood::Slow(Duration::from_secs(3)), WritePolicy::All),
        (Mood::Hanging, WritePolicy::Any),
    ] {
        let world = World::of(3, write).await;
        world.targets[2].faults.set(mood);
        let (alive, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let source = Source { left: FRAMES, alive: alive.clone(), most: most.clone() };
        let length_bytes = (FRAMES * FRAME_BYTES) as u64;
        world.put(&noted(), "k", Body::new(source, Some(length_bytes))).await.unwrap();
        let most = most.load(Ordering::Relaxed);
        assert!(most <= HELD_MAX, "{mood:?}: {most} frames were alive at once");
        assert_eq!(world.read("k").await.len(), FRAMES * FRAME_BYTES);
    }
}
