use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use super::run::Run;
use super::*;
use crate::Md5;

const FRAME_BYTES: usize = 100_000;

fn pool() -> Arc<Pool> {
    Arc::new(Pool::new(Level::detect()))
}

fn frame(seed: usize) -> bytes::Bytes {
    (0..FRAME_BYTES).map(|place| (place * 7 + seed * 13 + place / 251) as u8).collect()
}

fn taken_and_held(pool: &Pool) -> (usize, usize) {
    let seats = pool.seats();
    (seats.taken(), seats.all_held_bytes())
}

fn expected(frames: &[bytes::Bytes]) -> [u8; 16] {
    Md5::digest(&frames.concat())
}

/// A stream that has sat down, and the frames that it has seen.
fn seated(pool: &Arc<Pool>, seed: usize) -> (StreamMd5, Vec<bytes::Bytes>) {
    let (mut stream, frames) = (StreamMd5::beside(pool.clone()), vec![frame(seed); 3]);
    frames.iter().for_each(|frame| push(&mut stream, frame));
    (stream, frames)
}

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn push(stream: &mut StreamMd5, frame: &bytes::Bytes) {
    assert!(stream.poll_update(frame, &mut cx()).is_ready(), "nobody else hashes here");
}

fn finish(mut stream: StreamMd5) -> [u8; 16] {
    assert!(stream.poll_flush(&mut cx()).is_ready(), "nobody else hashes here");
    stream.finish()
}

#[test]
fn a_short_stream_takes_no_seat() {
    let pool = pool();
    let (mut stream, frame) = (StreamMd5::beside(pool.clone()), frame(1));
    push(&mut stream, &frame);
    assert_eq!(pool.seats().taken(), 0);
    assert_eq!(finish(stream), expected(&[frame]));
}

#[test]
fn a_stream_alone_holds_back_one_frame() {
    let pool = pool();
    let (mut stream, mut frames) = seated(&pool, 1);
    for seed in 2..20 {
        frames.push(frame(seed));
        push(&mut stream, &frames[frames.len() - 1]);
        assert!(pool.seats().all_held_bytes() <= FRAME_BYTES);
    }
    assert_eq!(finish(stream), expected(&frames));
    assert_eq!(taken_and_held(&pool), (0, 0));
}

#[test]
fn streams_of_different_pace_all_get_their_digest() {
    for count in [2, 4, 7, 20] {
        let pool = pool();
        let mut streams: Vec<_> = (0..count).map(|seed| seated(&pool, seed)).collect();
        for round in 0..30 {
            for (place, (stream, frames)) in streams.iter_mut().enumerate() {
                if round % (1 + place % 3) == 0 {
                    frames.push(frame(round + place).slice(..FRAME_BYTES - 977 * place));
                    push(stream, &frames[frames.len() - 1]);
                }
            }
            let bound = POOL_HELD_BYTES.min(count * STREAM_HELD_BYTES) + count * FRAME_BYTES;
            assert!(pool.seats().all_held_bytes() <= bound);
        }
        for (stream, frames) in streams {
            assert_eq!(finish(stream), expected(&frames), "{count} streams");
        }
        assert_eq!(taken_and_held(&pool), (0, 0));
    }
}

#[test]
fn small_frames_are_held_back_in_bounded_number() {
    let pool = pool();
    let (_other, (mut stream, mut frames)) = (seated(&pool, 1), seated(&pool, 2));
    for _ in 0..10 * STREAM_HELD_FRAMES {
        frames.push(bytes::Bytes::from_static(b"tiny"));
        push(&mut stream, &frames[frames.len() - 1]);
        assert!(pool.seats().all_held_bytes() <= 2 * FRAME_BYTES + 4 * STREAM_HELD_FRAMES);
    }
    assert_eq!(finish(stream), expected(&frames));
}

#[test]
fn the_pool_as_a_whole_is_bounded() {
    let (pool, frame) = (pool(), frame(3));
    let mut streams: Vec<_> = (0..40).map(|seed| seated(&pool, seed).0).collect();
    for _ in 0..12 {
        streams.iter_mut().for_each(|stream| push(stream, &frame));
    }
    assert!(pool.seats().all_held_bytes() <= POOL_HELD_BYTES + streams.len() * FRAME_BYTES);
}

#[test]
fn a_stream_that_goes_away_leaves_nothing() {
    let pool = pool();
    let (staying, (mut gone, frames)) = (seated(&pool, 1), seated(&pool, 2));
    push(&mut gone, &frames[0]);
    drop(gone);
    assert_eq!(pool.seats().taken(), 1);
    assert_eq!(finish(staying.0), expected(&staying.1));
    assert_eq!(taken_and_held(&pool), (0, 0));
}

struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn who_is_being_hashed_waits_and_is_woken() {
    let pool = pool();
    let ((mut first, mut frames), (second, _)) = (seated(&pool, 1), seated(&pool, 2));
    frames.push(frame(5));
    push(&mut first, &frames[3]);
    let wakes = Arc::new(Wakes(AtomicUsize::new(0)));
    let waker = Waker::from(wakes.clone());
    let mut waiting = Context::from_waker(&waker);

    let taken = pool.seats().take(0, 2);
    assert!(first.poll_flush(&mut waiting).is_pending());
    // Frames that come meanwhile are kept in order.
    frames.push(frame(6));
    push(&mut first, &frames[4]);
    Run::of(&pool, taken);
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    assert_eq!(finish(first), expected(&frames));

    let taken = pool.seats().take(1, 2);
    drop(second);
    assert_eq!(pool.seats().taken(), 1, "the seat waits for its work");
    Run::of(&pool, taken);
    assert_eq!(taken_and_held(&pool), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_at_once() {
    let pool = pool();
    let tasks: Vec<_> = (0..24)
        .map(|seed| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let (mut stream, mut frames) = (StreamMd5::beside(pool), Vec::new());
                for round in 0..40 {
                    frames.push(
                        frame(seed * 100 + round).slice(..1 + (seed * 31 + round * 7919) % FRAME_BYTES),
                    );
                    poll_fn(|cx| stream.poll_update(&frames[round], cx)).await;
                    tokio::task::yield_now().await;
                }
                poll_fn(|cx| stream.poll_flush(cx)).await;
                assert_eq!(stream.finish(), expected(&frames));
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(taken_and_held(&pool), (0, 0));
}
