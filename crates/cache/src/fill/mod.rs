//! How a miss is fetched: in ranges side by side, written to disk as they come, for all who wait.

mod intake;
mod lane;
mod marks;
mod origin;
mod plan;
mod reader;
mod sums;
mod works;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hash::Hasher;
use parking_lot::Mutex;
use store::{Content, StoreErrorKind};
use tokio::sync::{Notify, OnceCell, OwnedSemaphorePermit, Semaphore};
use types::{ByteRange, Checksum, Frame};

pub(crate) use self::origin::Origin;
use self::plan::{Ended, Plan};
pub(crate) use self::plan::{Geometry, PIECE_BYTES, chunk_end, floor};
pub(crate) use self::reader::{FillReader, Piece};
use self::sums::Sums;
pub(crate) use self::works::Works;
use crate::disk::{BlockStore, Writing};
use crate::error::Shared;
use crate::object::Object;

/// How many failures are remembered for those who wait.
const FAILURES_KEPT: usize = 32;
/// The most blocks of an object whose checksum is verified over several requests.
const SUMMED_BLOCKS_MAX: u32 = 4096;

/// What a fill is made of beside its object.
pub(crate) struct FillParts {
    pub(crate) origin: Origin,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) disk: BlockStore,
    pub(crate) lanes: Arc<Semaphore>,
}

/// An open object, and the range whose bytes come at once.
pub(crate) struct First {
    pub(crate) content: Arc<dyn Content>,
    pub(crate) range: Option<ByteRange>,
}

/// One version of an object on its way into the cache. It lives for as long as a request for it is in flight or somebody reads
/// it.
pub(crate) struct Fill {
    object: Object,
    works: Arc<Works>,
    disk: BlockStore,
    store_lanes: Arc<Semaphore>,
    origin: Origin,
    checksum: Option<Checksum>,
    content: tokio::sync::Mutex<Option<Arc<dyn Content>>>,
    state: Mutex<State>,
    progress: Notify,
}

struct State {
    plan: Plan,
    blocks: BTreeMap<u32, Arc<Filling>>,
    /// What went wrong, the latest last, each with its number.
    failures: VecDeque<(u64, ByteRange, Shared)>,
    next_failure: u64,
    end: Option<End>,
    sums: Option<Summing>,
}

/// What is to verify the whole. It counts among all of its kind for as long as it is there.
struct Summing {
    sums: Sums,
    works: Arc<Works>,
}

impl Summing {
    fn new(sums: Sums, works: Arc<Works>) -> Self {
        works.unverified.fetch_add(1, Ordering::AcqRel);
        Self { sums, works }
    }
}

impl Drop for Summing {
    fn drop(&mut self) {
        self.works.unverified.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Why nothing more comes.
#[derive(Clone)]
enum End {
    /// The directory takes nothing in: who reads must read past it.
    Refused,
    /// What was opened is not there any more, or is not what it should be.
    Gone(Shared),
}

/// A block on its way.
struct Filling {
    number: u32,
    length_bytes: u32,
    writing: OnceCell<Option<Arc<Writing>>>,
}

/// The right to have a request in flight.
struct Permits {
    _store: OwnedSemaphorePermit,
    _cache: OwnedSemaphorePermit,
}

impl Fill {
    fn new(object: Object, works: Arc<Works>, parts: FillParts, content: Option<Arc<dyn Content>>) -> Self {
        let blocks = object.geometry.block_count();
        let is_fresh = || (0..blocks).all(|number| !parts.disk.contains(&object.block(number)));
        let checksum = parts.checksum.filter(|_| blocks <= SUMMED_BLOCKS_MAX);
        let sums = checksum.filter(|_| is_fresh()).and_then(|sum| Sums::new(sum, object.geometry.size_bytes));
        let sums = sums.map(|sums| Summing::new(sums, works.clone()));
        let state = State {
            plan: Plan::new(object.geometry),
            blocks: BTreeMap::new(),
            failures: VecDeque::new(),
            next_failure: 0,
            end: None,
            sums,
        };
        Self {
            object,
            works,
            disk: parts.disk,
            store_lanes: parts.lanes,
            origin: parts.origin,
            checksum: parts.checksum,
            content: tokio::sync::Mutex::new(content),
            state: Mutex::new(state),
            progress: Notify::new(),
        }
    }

    /// Whether nothing more comes.
    pub(crate) fn has_ended(&self) -> bool {
        self.state.lock().end.is_some()
    }

    /// Where its bytes come from.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    fn is_unverified(&self) -> bool {
        self.state.lock().sums.is_some()
    }

    /// Takes an open object whose first bytes come at once: they are a request of this fill, unless others are fetching them.
    /// Its content is for the requests that follow.
    fn prime(self: &Arc<Self>, first: &First) {
        if let Ok(mut known) = self.content.try_lock() {
            known.get_or_insert_with(|| first.content.clone());
        }
        if let Some(chunk) = self.claim(first) {
            self.launch(chunk);
        }
    }

    /// The request whose bytes come at once, as far as nobody else asks for them.
    fn claim(&self, first: &First) -> Option<lane::Chunk> {
        let mut state = self.state.lock();
        let read = first.range.filter(|_| state.end.is_none())?;
        let claimed = state.plan.claim_first(read, &|number| self.is_cached(number))?;
        Some(lane::Chunk { read, claimed, content: Some(first.content.clone()) })
    }

    fn is_cached(&self, number: u32) -> bool {
        self.disk.contains(&self.object.block(number))
    }

    /// Sends requests for as long as there is need and room for them.
    pub(crate) fn pump(self: &Arc<Self>) {
        loop {
            let mut state = self.state.lock();
            if state.end.is_some() || !state.plan.has_room() {
                return;
            }
            let is_idle = state.plan.is_idle();
            let permits = self.try_permits();
            // One request waits for its turn where there is none in flight; with others, their end is the next chance.
            if permits.is_none() && !is_idle {
                return;
            }
            let Some(range) = state.plan.next(&|number| self.is_cached(number)) else {
                // What came in by another fill is in no sum of this one, so the whole is never verified here.
                let waits_in_vain = is_idle && state.sums.take().is_some();
                drop(state);
                if waits_in_vain {
                    self.progress.notify_waiters();
                }
                return;
            };
            drop(state);
            self.launch_with(lane::Chunk { read: range, claimed: range, content: None }, permits);
        }
    }

    fn launch(self: &Arc<Self>, chunk: lane::Chunk) {
        let permits = self.try_permits();
        self.launch_with(chunk, permits);
    }

    fn launch_with(self: &Arc<Self>, chunk: lane::Chunk, permits: Option<Permits>) {
        tokio::spawn(lane::run(self.clone(), chunk, permits));
    }

    fn try_permits(&self) -> Option<Permits> {
        let store = self.store_lanes.clone().try_acquire_owned().ok()?;
        let cache = self.works.lanes.clone().try_acquire_owned().ok()?;
        Some(Permits { _store: store, _cache: cache })
    }

    async fn permits(&self) -> Permits {
        let store = self.store_lanes.clone().acquire_owned().await.expect("the semaphore is never closed");
        let cache = self.works.lanes.clone().acquire_owned().await.expect("the semaphore is never closed");
        Permits { _store: store, _cache: cache }
    }

    /// The bytes of the version, opened where nobody has yet. One opens; the others wait for it.
    async fn content(&self, range: ByteRange) -> Result<Arc<dyn Content>, Shared> {
        let mut content = self.content.lock().await;
        if let Some(content) = &*content {
            return Ok(content.clone());
        }
        let opened = lane::heard(self.origin.open(range)).await.flatten()?;
        Ok(content.insert(opened).clone())
    }

    /// The block on its way that holds a position.
    fn filling(&self, position: u64) -> Arc<Filling> {
        let number = self.object.geometry.block_of(position);
        let length = self.object.geometry.span(number).len() as u32;
        let mut state = self.state.lock();
        let filling = state.blocks.entry(number);
        let new = || Arc::new(Filling { number, length_bytes: length, writing: OnceCell::new() });
        filling.or_insert_with(new).clone()
    }

    /// Says that pieces within one block are written, and ends the block where it is whole.
    async fn written(&self, range: ByteRange) -> Result<(), lane::LaneError> {
        let number = self.object.geometry.block_of(range.start);
        let (is_whole, filling) = {
            let mut state = self.state.lock();
            (state.plan.finish(range), state.blocks.get(&number).cloned())
        };
        self.progress.notify_waiters();
        let writing = filling.as_ref().and_then(|filling| filling.writing.get()).cloned().flatten();
        let Some(writing) = writing.filter(|_| is_whole) else { return Ok(()) };
        let block = writing.commit().await;
        let mut state = self.state.lock();
        state.plan.drop_block(number);
        state.blocks.remove(&number);
        drop(state);
        self.progress.notify_waiters();
        block.map(drop).ok_or(lane::LaneError::Refused)
    }

    /// Takes the checksum of bytes that were fetched; with the last of them the whole is verified.
    async fn sum(&self, range: ByteRange, checksum: &Checksum) -> Result<(), lane::LaneError> {
        let verdict = self.state.lock().sums.as_mut().map(|summing| summing.sums.add(range, checksum));
        match verdict {
            None | Some(sums::Verdict::Open) => return Ok(()),
            Some(sums::Verdict::Right | sums::Verdict::Unknown) => {}
            Some(sums::Verdict::Wrong(found)) => self.hold_to(&found).await?,
        }
        self.state.lock().sums = None;
        self.progress.notify_waiters();
        Ok(())
    }

    /// The whole will not be verified.
    fn give_up_sums(&self) {
        self.state.lock().sums = None;
    }

    /// The bytes of the whole have another checksum than the object tells. Either they were damaged on their way, or the object
    /// was stored with the identity of other bytes, as a layer above may have it. Asked once more, the store tells which.
    ///
    /// # Errors
    /// Where they were damaged; then none of them is kept.
    async fn hold_to(&self, found: &Checksum) -> Result<(), lane::LaneError> {
        let id = self.object.id;
        if self.works.insisted.lock().get(&id).is_some_and(|known| *known == found.value) {
            return Ok(());
        }
        let whole = ByteRange::whole(self.object.geometry.size_bytes);
        let again = async {
            let content = self.content(whole).await.ok()?;
            let mut body = lane::heard(content.read(whole)).await.flatten().ok()?;
            let mut hasher = Hasher::new(found.algorithm);
            while let Some(frame) = lane::heard(body.next_frame()).await.ok()? {
                if let Frame::Data(data) = frame.ok()? {
                    hasher.update(&data);
                }
            }
            Some(hasher.finish().value)
        };
        if again.await.is_some_and(|again| again == found.value) {
            self.works.insisted.lock().put(id, found.value, 1);
            return Ok(());
        }
        self.works.stats.wrong_objects.add(1);
        self.disk.remove_source(&self.object.source, self.object.geometry.size_bytes);
        Err(lane::LaneError::wrong())
    }

    /// A request ended; who waits for what it did not bring hears of it.
    fn ended(self: &Arc<Self>, left: ByteRange, outcome: Result<(), lane::LaneError>) {
        let is_well = outcome.is_ok();
        {
            let mut state = self.state.lock();
            state.plan.end(left, if is_well { Ended::Well } else { Ended::Badly });
            match outcome {
                Ok(()) => {}
                Err(lane::LaneError::Refused) => state.end = state.end.take().or(Some(End::Refused)),
                Err(lane::LaneError::Store(error)) => {
                    if matches!(error.kind(), StoreErrorKind::Conflict | StoreErrorKind::Corrupt) {
                        state.end = Some(End::Gone(error.clone()));
                    }
                    state.failed(left, error);
                }
            }
        }
        if !is_well {
            self.works.stats.fetches_failed.add(1);
        }
        self.progress.notify_waiters();
        if is_well {
            self.pump();
        }
    }
}

impl State {
    fn failed(&mut self, range: ByteRange, error: Shared) {
        self.next_failure += 1;
        if self.failures.len() == FAILURES_KEPT {
            self.failures.pop_front();
        }
        self.failures.push_back((self.next_failure, range, error));
    }
}

impl Drop for Fill {
    fn drop(&mut self) {
        let mut fills = self.works.fills.lock();
        // Another one may stand there already, for the same object.
        if fills.get(&self.object.id).is_some_and(|fill| fill.strong_count() == 0) {
            fills.remove(&self.object.id);
        }
    }
}
