use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::{StoreError, StoreErrorKind};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use types::Context;

use crate::core::{Core, PATIENCE, Running};
use crate::health::Verdict;

/// How long a call of a target may go on when nobody waits for it any more, and how long one is waited for at all.
pub(crate) const CALL_MAX: Duration = Duration::from_secs(600);

/// A call of one target, which no request's end cuts short.
pub(crate) type Call<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// What became of a write at one target.
#[derive(Debug)]
pub(crate) enum Reply<T> {
    /// It has it.
    Done(T),
    /// It certainly changed nothing.
    Refused(StoreError),
    /// It may have it, or come to have it later.
    Unknown(StoreError),
}

impl<T> Reply<T> {
    /// What a finished call says.
    fn of(result: Result<T, StoreError>) -> Self {
        match result {
            Ok(done) => Self::Done(done),
            Err(error) if changed_nothing(&error.kind) => Self::Refused(error),
            Err(error) => Self::Unknown(error),
        }
    }

    /// What was done, if it was.
    pub(crate) fn done(&self) -> Option<&T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Refused(_) | Self::Unknown(_) => None,
        }
    }
}

/// Whether a call that failed so has certainly changed nothing.
pub(crate) const fn changed_nothing(kind: &StoreErrorKind) -> bool {
    match kind {
        StoreErrorKind::Missing(_)
        | StoreErrorKind::DeleteMarker { .. }
        | StoreErrorKind::BucketExists
        | StoreErrorKind::BucketNotEmpty
        | StoreErrorKind::ConditionFailed
        | StoreErrorKind::Part(_)
        | StoreErrorKind::DigestMismatch(_)
        | StoreErrorKind::TrailerMissing(_)
        | StoreErrorKind::Denied
        | StoreErrorKind::Forbidden(_)
        | StoreErrorKind::Unsupported(_)
        | StoreErrorKind::Body(_)
        | StoreErrorKind::Full(_) => true,
        StoreErrorKind::Conflict
        | StoreErrorKind::Corrupt
        | StoreErrorKind::Unavailable
        | StoreErrorKind::Internal => false,
    }
}

/// The replies of targets, each with its target, in their order.
pub(crate) type Replies<T> = Vec<(usize, Reply<T>)>;

impl Core {
    /// Says in the request's notes and in the counters which targets did a write. Returns how many that are.
    pub(crate) fn note_replies<T>(&self, cx: &Context, replies: &Replies<T>) -> usize {
        let has =
            |place: usize| replies.iter().any(|(replied, reply)| *replied == place && reply.done().is_some());
        self.note(cx, has);
        (0..self.targets.len()).filter(|place| has(*place)).count()
    }
}

/// One write at several targets at once. Dropped before [`Fan::let_go`], it ends all calls.
pub(crate) struct Fan<T> {
    core: Arc<Core>,
    sender: mpsc::UnboundedSender<(usize, Result<T, StoreError>)>,
    receiver: mpsc::UnboundedReceiver<(usize, Result<T, StoreError>)>,
    calls: Vec<Started>,
    replies: Replies<T>,
    let_go: bool,
}

struct Started {
    target: usize,
    task: AbortHandle,
    running: Arc<Mutex<Option<Running>>>,
}

impl<T: Send + 'static> Fan<T> {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { core, sender, receiver, calls: Vec::new(), replies: Vec::new(), let_go: false }
    }

    /// Starts a target's call.
    pub(crate) fn start(&mut self, target: usize, call: Call<T>) {
        let (core, sender) = (self.core.clone(), self.sender.clone());
        let running = Arc::<Mutex<Option<Running>>>::default();
        let ending = running.clone();
        let task = tokio::spawn(async move {
            let result = call.await;
            match result.as_ref().map_or_else(|error| Verdict::of(&error.kind), |_| Verdict::Answered) {
                Verdict::Answered => core.health.answered(target),
                Verdict::Failed => core.health.failed(target),
                Verdict::Nothing => {}
            }
            drop(ending.lock().unwrap_or_else(PoisonError::into_inner).take());
            // Nobody may be waiting any more.
            let _ = sender.send((target, result));
        });
        self.calls.push(Started { target, task: task.abort_handle(), running });
    }

    /// Ends the call of a target that cannot have changed anything yet.
    pub(crate) fn cut(&mut self, target: usize, why: StoreError) {
        if let Some(place) = self.calls.iter().position(|call| call.target == target) {
            self.calls.swap_remove(place).task.abort();
            self.replies.retain(|(replied, _)| *replied != target);
            self.replies.push((target, Reply::Refused(why)));
        }
    }

    /// From here on calls change things: they go on whatever becomes of the request.
    pub(crate) fn let_go(&mut self, mut running: impl FnMut(usize) -> Running) {
        self.let_go = true;
        for call in &self.calls {
            let mut slot = call.running.lock().unwrap_or_else(PoisonError::into_inner);
            if !call.task.is_finished() {
                *slot = Some(running(call.target));
            }
        }
    }

    fn take(&mut self, target: usize, result: Result<T, StoreError>) {
        if let Some(place) = self.calls.iter().position(|call| call.target == target) {
            self.calls.swap_remove(place);
            self.replies.push((target, Reply::of(result)));
        }
    }

    /// The replies of calls that ended before they were let go. One is waited for, no longer than [`PATIENCE`].
    pub(crate) async fn ended_early(&mut self) -> &Replies<T> {
        let mut soon = Instant::now() + PATIENCE;
        while let Ok(Some((target, result))) = timeout_at(soon, self.receiver.recv()).await {
            self.take(target, result);
            soon = Instant::now();
        }
        &self.replies
    }

    /// Waits for the replies: for all of them, but no longer than [`PATIENCE`] once `needed` have it or cannot have it any
    /// more. Calls that have not ended then go on by themselves for a bounded time.
    pub(crate) async fn collect(mut self, needed: usize) -> Replies<T> {
        let end = Instant::now() + CALL_MAX;
        let mut decided_at = None;
        while !self.calls.is_empty() {
            let done = self.replies.iter().filter(|(_, reply)| reply.done().is_some()).count();
            if decided_at.is_none() && (done >= needed || done + self.calls.len() < needed) {
                decided_at = Some(Instant::now() + PATIENCE);
            }
            match timeout_at(decided_at.unwrap_or(end).min(end), self.receiver.recv()).await {
                Ok(Some((target, result))) => self.take(target, result),
                Ok(None) | Err(_) => break,
            }
        }
        self.give_up();
        let mut replies = std::mem::take(&mut self.replies);
        replies.sort_by_key(|(target, _)| *target);
        replies
    }

    fn give_up(&mut self) {
        let late: Vec<Started> = self.calls.drain(..).collect();
        if late.is_empty() {
            return;
        }
        for call in &late {
            self.core.health.failed(call.target);
            let error = StoreError::new(StoreErrorKind::Unavailable, "wait for a target's answer");
            self.replies.push((call.target, Reply::Unknown(error)));
        }
        tokio::spawn(async move {
            tokio::time::sleep(CALL_MAX).await;
            late.iter().for_each(|call| call.task.abort());
        });
    }
}

impl<T> Drop for Fan<T> {
    fn drop(&mut self) {
        if !self.let_go {
            self.calls.iter().for_each(|call| call.task.abort());
        }
    }
}
