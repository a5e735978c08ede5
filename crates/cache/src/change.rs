use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use types::{Clock, Timestamp};

use crate::name::Id;

/// How many stripes keys are spread over. Keys of one stripe are taken for one: a write of one then keeps what was learned of
/// the other from being believed once, which costs a request and nothing else.
const STRIPES: usize = 1 << 14;
/// How many locks of records stripes share.
const LOCKS: usize = 256;
/// For how long after a write whose outcome is unknown nothing that is learned of its key is kept: the store may still take
/// it in.
const DOUBT: Duration = Duration::from_secs(300);

/// Which keys are being written through this cache, and which were since something was asked of the store. What was asked
/// before a write is never believed after it.
pub(crate) struct Changes {
    stripes: Box<[Stripe]>,
    /// Held while a record is written to disk or removed there, so that neither overtakes the other.
    records: Box<[Arc<Mutex<()>>]>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Stripe {
    generation: AtomicU64,
    writing: AtomicU32,
    doubted_until: AtomicU64,
}

/// A moment in the history of a key, taken before the store is asked about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    stripe: usize,
    generation: u64,
}

impl Moment {
    /// The moment after so many more changes.
    pub(crate) fn after(self, changes: u64) -> Self {
        Self { generation: self.generation.wrapping_add(changes), ..self }
    }
}

impl Changes {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
            records: (0..LOCKS).map(|_| Arc::default()).collect(),
            clock,
        })
    }

    /// The present moment of a key.
    pub(crate) fn moment(&self, id: Id) -> Moment {
        let stripe = id.spread() % STRIPES;
        Moment { stripe, generation: self.stripes[stripe].generation.load(Ordering::SeqCst) }
    }

    /// Whether what was learned since `moment` may be kept: nothing was written since, nor is being written.
    pub(crate) fn holds(&self, moment: Moment) -> bool {
        let stripe = &self.stripes[moment.stripe];
        stripe.generation.load(Ordering::SeqCst) == moment.generation
            && stripe.writing.load(Ordering::SeqCst) == 0
            && stripe.doubted_until.load(Ordering::SeqCst) <= self.clock.now().as_nanos()
    }

    /// As [`Changes::holds`], in doubt too: for what is not believed by itself.
    pub(crate) fn is_quiet(&self, moment: Moment) -> bool {
        let stripe = &self.stripes[moment.stripe];
        stripe.generation.load(Ordering::SeqCst) == moment.generation
            && stripe.writing.load(Ordering::SeqCst) == 0
    }

    /// Whether two moments are of the same state of a key.
    pub(crate) fn is_same(&self, one: Moment, other: Moment) -> bool {
        (one.stripe, one.generation) == (other.stripe, other.generation)
    }

    /// The lock of a key's record on disk.
    pub(crate) fn record(&self, id: Id) -> &Arc<Mutex<()>> {
        &self.records[id.spread() % STRIPES % LOCKS]
    }

    /// Says that a key is about to be written.
    pub(crate) fn begin(self: &Arc<Self>, id: Id) -> Change {
        let stripe = id.spread() % STRIPES;
        self.stripes[stripe].writing.fetch_add(1, Ordering::SeqCst);
        self.stripes[stripe].generation.fetch_add(1, Ordering::SeqCst);
        Change { changes: self.clone(), stripe, is_certain: false, state: State::Writing }
    }

    /// As [`Changes::begin`], where what is learned meanwhile may be kept until the write ends: whoever ends it removes that.
    pub(crate) fn begin_quietly(self: &Arc<Self>, id: Id) -> Change {
        let stripe = id.spread() % STRIPES;
        Change { changes: self.clone(), stripe, is_certain: false, state: State::Quiet }
    }
}

/// A write in flight. Dropped before its outcome is known, it leaves the key in doubt for a while.
pub(crate) struct Change {
    changes: Arc<Changes>,
    stripe: usize,
    is_certain: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Writing,
    Quiet,
    Ended,
}

impl Change {
    /// Whether it is one of what `moment` tells of.
    pub(crate) fn concerns(&self, moment: Moment) -> bool {
        self.stripe == moment.stripe
    }

    /// The store has answered, and will not do anything about it any more.
    pub(crate) fn settle(&mut self) {
        self.is_certain = true;
    }

    /// The write has ended.
    pub(crate) fn end(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Ended);
        if state == State::Ended {
            return;
        }
        let stripe = &self.changes.stripes[self.stripe];
        if !self.is_certain {
            let until: Timestamp = self.changes.clock.now().plus(DOUBT);
            stripe.doubted_until.fetch_max(until.as_nanos(), Ordering::SeqCst);
        }
        stripe.generation.fetch_add(1, Ordering::SeqCst);
        if state == State::Writing {
            stripe.writing.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::HandClock;

    const KEY: Id = Id(7);

    #[test]
    fn what_was_asked_before_or_during_a_write_is_not_believed_after_it() {
        let changes = Changes::new(Arc::new(HandClock::default()));
        let before = changes.moment(KEY);
        assert!(changes.holds(before));
        let mut change = changes.begin(KEY);
        let during = changes.moment(KEY);
        assert!(!changes.holds(before) && !changes.holds(during));
        change.settle();
        drop(change);
        assert!(!changes.holds(before) && !changes.holds(during));
        assert!(changes.holds(changes.moment(KEY)));
        assert!(changes.holds(changes.moment(Id(8))));
    }

    #[test]
    fn a_write_without_an_outcome_leaves_doubt_for_a_while() {
        let clock = Arc::new(HandClock::default());
        let changes = Changes::new(clock.clone());
        drop(changes.begin(KEY));
        clock.forward(DOUBT - Duration::from_nanos(1));
        assert!(!changes.holds(changes.moment(KEY)));
        clock.forward(Duration::from_nanos(1));
        assert!(changes.holds(changes.moment(KEY)));
    }
}
