use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use store::{Bucket, Content, OpenOptions, StoreError, StoreErrorKind};
use tokio::time::timeout;
use types::{Body, BodyError, BodyErrorKind, ByteRange, Context, ObjectKey};

use super::body::{ResumingBody, Supply, Supplying};
use super::open::Wanted;
use super::pin::{Candidate, Pin, diverged};
use super::race::ANSWER_LIMIT;
use crate::core::Core;

/// How often one target is asked to give bytes of one body.
const TRIES_AT_A_TARGET: u32 = 2;

/// The bytes of one content, from whichever target has them.
pub(super) struct PinnedContent {
    content: Box<dyn Content>,
    place: usize,
    checksum: Option<types::Checksum>,
    size_bytes: Option<u64>,
    source: Arc<Source>,
}

/// What a body needs to go on elsewhere.
struct Source {
    core: Arc<Core>,
    cx: Context,
    bucket: Bucket,
    key: ObjectKey,
    pin: Pin,
}

impl PinnedContent {
    /// The content that `pin` says, as the target at this place has opened it.
    pub(super) fn new(
        core: Arc<Core>,
        wanted: Wanted<'_>,
        pin: Pin,
        (place, content): (usize, Box<dyn Content>),
    ) -> Self {
        let (checksum, size_bytes) = (pin.checksum, pin.size_bytes);
        let source = Source {
            core,
            cx: wanted.cx.clone(),
            bucket: wanted.bucket.clone(),
            key: wanted.key.clone(),
            pin,
        };
        Self { content, place, checksum, size_bytes, source: Arc::new(source) }
    }
}

#[async_trait]
impl Content for PinnedContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let first = limited(self.content.read(range)).await;
        let is_whole = range.start == 0 && Some(range.end) == self.size_bytes;
        let supply = Arc::new(Elsewhere {
            source: self.source.clone(),
            tries: Mutex::new(Tries { at: self.place, counts: vec![0; self.source.core.targets.len()] }),
        });
        supply.tries().counts[self.place] = 1;
        Ok(ResumingBody::wrap(first, range, self.checksum.filter(|_| is_whole), supply))
    }
}

/// Which targets a body was asked of.
struct Tries {
    /// The target that gives it now.
    at: usize,
    counts: Vec<u32>,
}

/// The other targets that have the content of a body.
struct Elsewhere {
    source: Arc<Source>,
    tries: Mutex<Tries>,
}

impl Elsewhere {
    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next target to ask: of those that were asked least, the first in order.
    fn choose(&self) -> Option<Candidate> {
        let mut tries = self.tries();
        let candidates = self.source.pin.candidates.iter();
        let open = candidates.filter(|candidate| tries.counts[candidate.place] < TRIES_AT_A_TARGET);
        let next = open.min_by_key(|candidate| tries.counts[candidate.place])?.clone();
        tries.counts[next.place] += 1;
        tries.at = next.place;
        Some(next)
    }

    async fn begin(&self, candidate: &Candidate, range: ByteRange) -> Result<Body, BodyError> {
        let Source { core, cx, bucket, key, pin } = &*self.source;
        let attempt = core.health.begin(candidate.place);
        let options = OpenOptions {
            range_hint: Some(types::RangeSpec::FromTo {
                first: range.start,
                last: range.end.saturating_sub(1),
            }),
            ..OpenOptions::default()
        };
        let wanted = Wanted { cx, bucket, key, options: &options };
        let opening = async {
            let opened = core.open_at(wanted, candidate.clone()).await?;
            pin.check(candidate, &opened.info)?;
            opened.content.read(range).await
        };
        match timeout(ANSWER_LIMIT, opening).await {
            Ok(Ok(body)) => {
                attempt.answered();
                Ok(body)
            }
            Ok(Err(error)) => {
                attempt.refused(&error.kind);
                Err(BodyError::with_source(BodyErrorKind::Storage, error))
            }
            Err(_) => {
                attempt.failed();
                Err(BodyErrorKind::TimedOut.into())
            }
        }
    }
}

impl Supply for Elsewhere {
    fn next(self: Arc<Self>, range: ByteRange, error: BodyError) -> Supplying {
        Box::pin(async move {
            let core = &self.source.core;
            let left = self.tries().at;
            if !matches!(error.kind, BodyErrorKind::Corrupt) {
                core.health.failed(left);
            }
            core.stats.read_switches.add(1);
            let mut error = error;
            while let Some(candidate) = self.choose() {
                match self.begin(&candidate, range).await {
                    Ok(body) => return Ok(body),
                    Err(refused) => error = refused,
                }
            }
            Err(told(error))
        })
    }
}

/// The error as the reader is told it: of storage, whatever a target's own reason was.
fn told(error: BodyError) -> BodyError {
    match error.kind {
        BodyErrorKind::Corrupt | BodyErrorKind::Storage => error,
        _ => BodyError::with_source(BodyErrorKind::Storage, error),
    }
}

async fn limited(reading: impl Future<Output = Result<Body, StoreError>>) -> Result<Body, BodyError> {
    match timeout(ANSWER_LIMIT, reading).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if matches!(error.kind, StoreErrorKind::Corrupt) => {
            Err(BodyError::with_source(BodyErrorKind::Corrupt, error))
        }
        Ok(Err(error)) => Err(BodyError::with_source(BodyErrorKind::Storage, error)),
        Err(_) => Err(BodyError::with_source(BodyErrorKind::TimedOut, diverged())),
    }
}
