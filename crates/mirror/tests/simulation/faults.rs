use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sim::SimRandom;
use tokio::sync::Notify;

/// How a target behaves for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should.
    Well,
    /// Every call is refused.
    Down,
    /// Every call takes this long.
    Slow(Duration),
    /// Calls do not come back until the mood changes.
    Hanging,
    /// One call in four is refused, and one in eight is done and then refused.
    Flaky,
    /// Calls work, but the bytes that are read break off with an error.
    Breaking,
    /// Calls work, but the bytes that are read end early without an error.
    Short,
    /// Calls work, but one of the bytes that are read is wrong.
    Lying,
}

/// Calls that a target can fail at while it is well at all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Put,
    Delete,
    Complete,
    UpdateBucket,
    Other,
}

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Well,
    Refused,
    DoneAndRefused,
    Slow(Duration),
    Hanging,
    /// Refused for want of a permission.
    #[allow(dead_code, reason = "not every world withholds permissions")]
    Denied,
}

/// What becomes of the bytes of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BytesFate {
    Well,
    /// An error in place of the frame that holds this byte.
    Break(u64),
    /// The end in place of the frame that holds this byte.
    End(u64),
    /// This byte is another one.
    Wrong(u64),
}

/// The faults of one target; they outlive the process.
pub(crate) struct Faults {
    mood: Mutex<Mood>,
    single: Mutex<Option<(Call, Fate)>>,
    changed: Notify,
    random: Arc<SimRandom>,
}

impl Faults {
    pub(crate) fn new(random: Arc<SimRandom>) -> Arc<Self> {
        Arc::new(Self {
            mood: Mutex::new(Mood::Well),
            single: Mutex::default(),
            changed: Notify::new(),
            random,
        })
    }

    pub(crate) fn mood(&self) -> Mood {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
        self.changed.notify_waiters();
    }

    /// Calls of one kind come to this, whatever the mood; `None` for no kind.
    #[allow(dead_code, reason = "not every world fails at one call alone")]
    pub(crate) fn single_out(&self, single: Option<(Call, Fate)>) {
        *self.single.lock().unwrap_or_else(PoisonError::into_inner) = single;
    }

    pub(crate) fn fate(&self, call: Call) -> Fate {
        let single = *self.single.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, fate)) = single.filter(|(singled, _)| *singled == call) {
            return fate;
        }
        match self.mood() {
            Mood::Well | Mood::Breaking | Mood::Short | Mood::Lying => Fate::Well,
            Mood::Down => Fate::Refused,
            Mood::Slow(time) => Fate::Slow(time),
            Mood::Hanging => Fate::Hanging,
            Mood::Flaky => match self.random.below(8) {
                0 | 1 => Fate::Refused,
                2 => Fate::DoneAndRefused,
                _ => Fate::Well,
            },
        }
    }

    pub(crate) fn fate_of_bytes(&self, length_bytes: u64) -> BytesFate {
        if length_bytes == 0 {
            return BytesFate::Well;
        }
        let place = self.random.below(length_bytes);
        match self.mood() {
            Mood::Breaking => BytesFate::Break(place),
            Mood::Flaky if self.random.below(4) == 0 => BytesFate::Break(place),
            Mood::Short => BytesFate::End(place),
            Mood::Lying => BytesFate::Wrong(place),
            _ => BytesFate::Well,
        }
    }

    /// Waits while the target hangs.
    pub(crate) async fn hang(&self) {
        loop {
            let changed = self.changed.notified();
            if self.mood() != Mood::Hanging {
                return;
            }
            changed.await;
        }
    }
}
