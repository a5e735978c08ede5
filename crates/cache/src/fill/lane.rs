use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use store::{Content, StoreError, StoreErrorKind};
use tokio::time::Instant;
use types::{Body, ByteRange, Frame};

use super::intake::Intake;
use super::{Fill, Permits};
use crate::error::Shared;
use crate::flight::SILENCE_MAX;

const OPERATION: &str = "fetch a range";

/// One request for bytes.
pub(super) struct Chunk {
    /// What is asked for.
    pub(super) read: ByteRange,
    /// What of it is kept.
    pub(super) claimed: ByteRange,
    /// What to ask, where it is known.
    pub(super) content: Option<Arc<dyn Content>>,
}

/// Why a request ended without its bytes.
pub(super) enum LaneError {
    /// The cache's directory did not take them.
    Refused,
    /// The store did not give them.
    Store(Shared),
}

impl LaneError {
    /// What came is not what the object has.
    pub(super) fn wrong() -> Self {
        StoreError::new(StoreErrorKind::Corrupt, OPERATION).into()
    }

    fn internal(why: &'static str) -> Self {
        StoreError::with_source(StoreErrorKind::Internal, OPERATION, why).into()
    }
}

impl From<StoreError> for LaneError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// Waits for the store, no longer than it may be silent.
///
/// # Errors
/// `Unavailable` once it has been.
pub(super) async fn heard<T>(answer: impl Future<Output = T>) -> Result<T, StoreError> {
    let silent = |_| StoreError::new(StoreErrorKind::Unavailable, OPERATION);
    tokio::time::timeout(SILENCE_MAX, answer).await.map_err(silent)
}

/// Fetches a chunk, and tells the fill how that ended, even where it is dropped on the way.
pub(super) async fn run(fill: Arc<Fill>, chunk: Chunk, permits: Option<Permits>) {
    let mut ending = Ending { fill: fill.clone(), left: chunk.claimed, outcome: None };
    let permits = match permits {
        Some(permits) => permits,
        None => fill.permits().await,
    };
    let outcome = fetch(&fill, chunk, &mut ending.left).await;
    drop(permits);
    ending.outcome = Some(outcome);
}

struct Ending {
    fill: Arc<Fill>,
    left: ByteRange,
    outcome: Option<Result<(), LaneError>>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let outcome = self.outcome.take().unwrap_or_else(|| {
            // What it has written is not summed: who waits for the whole would wait for ever.
            self.fill.give_up_sums();
            Err(LaneError::internal("the request was dropped"))
        });
        self.fill.ended(self.left, outcome);
    }
}

async fn fetch(fill: &Arc<Fill>, chunk: Chunk, left: &mut ByteRange) -> Result<(), LaneError> {
    let began_at = Instant::now();
    fill.works.stats.fetches.add(1);
    let content = match chunk.content {
        Some(content) => content,
        None => fill.content(chunk.read).await.map_err(LaneError::Store)?,
    };
    let body = heard(content.read(chunk.read)).await.flatten()?;
    let mut intake = Intake::new(fill.clone(), chunk.read, chunk.claimed);
    let outcome = receive(fill, body, &mut intake, chunk.read, began_at).await;
    // What came before a failure stays; its checksum counts for the whole.
    let summed = if outcome.is_err() { intake.tell_sum().await } else { Ok(()) };
    *left = intake.left();
    summed.and(outcome)
}

async fn receive(
    fill: &Fill,
    mut body: Body,
    intake: &mut Intake,
    read: ByteRange,
    began_at: Instant,
) -> Result<(), LaneError> {
    let goes_to_end = intake.left().end == read.end;
    let mut received_bytes = 0;
    while !intake.is_full() || goes_to_end {
        let frame = match poll_fn(|cx| Poll::Ready(body.poll_frame(cx))).await {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                // Nothing more is at hand: what is there goes to those who wait.
                intake.flush().await?;
                heard(body.next_frame()).await?
            }
        };
        match frame {
            None => break,
            Some(Ok(Frame::Trailer(_))) => {}
            Some(Ok(Frame::Data(data))) => {
                if received_bytes == 0 {
                    fill.works.stats.first_bytes.observe(elapsed(began_at));
                }
                received_bytes += data.len() as u64;
                if received_bytes > read.len() {
                    return Err(LaneError::internal("more bytes than were asked for"));
                }
                intake.push(data).await?;
            }
            Some(Err(error)) => {
                return Err(StoreError::new(StoreErrorKind::Body(error), OPERATION).into());
            }
        }
    }
    if !intake.is_full() {
        return Err(LaneError::internal("fewer bytes than were asked for"));
    }
    intake.finish().await
}

fn elapsed(since: Instant) -> Duration {
    since.elapsed()
}
