use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use gateway::{JobLines, JobRefused, JobRequest};
use tokio::sync::mpsc::{self, Receiver};

use super::{Events, JobEvent, Unheard};
use crate::stores::Assembled;

/// Events that may wait for whoever reads them.
const EVENTS_QUEUED: usize = 64;

/// Takes jobs and sees that each runs once at a time.
pub(crate) struct Desk {
    stores: Assembled,
    running: Arc<Mutex<HashSet<String>>>,
}

/// How a job ends that could not go on: nobody listens, or this happened.
pub(super) enum Ended {
    Unheard,
    Failed(String),
}

impl From<Unheard> for Ended {
    fn from(_: Unheard) -> Self {
        Self::Unheard
    }
}

impl From<String> for Ended {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

/// Ends the exclusion of a second job of that name, however the first ends.
struct Running {
    name: String,
    all: Arc<Mutex<HashSet<String>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

impl Desk {
    pub(crate) fn new(stores: Assembled) -> Self {
        Self { stores, running: Arc::default() }
    }

    /// Starts a job and hands out its lines.
    ///
    /// # Errors
    /// [`JobRefused`].
    pub(crate) fn lines(&self, request: &JobRequest) -> Result<JobLines, JobRefused> {
        let mut told = self.start(request)?;
        let lines = futures_util::stream::poll_fn(move |cx| {
            told.poll_recv(cx).map(|event| event.map(|event| Bytes::from(event.to_line())))
        });
        Ok(Box::pin(lines))
    }

    /// Starts a job and hands out its events.
    ///
    /// # Errors
    /// [`JobRefused`].
    pub(crate) fn start(&self, request: &JobRequest) -> Result<Receiver<JobEvent>, JobRefused> {
        let job = super::work::of(&self.stores, request)?;
        let name = request.target();
        if !self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            return Err(JobRefused::Running);
        }
        let running = Running { name, all: self.running.clone() };
        let (events, told) = mpsc::channel(EVENTS_QUEUED);
        tokio::spawn(async move {
            let work = job(Events::new(events.clone()));
            let ended = tokio::select! {
                ended = work => ended,
                // A job that waits for its store hears of nobody's listening in no other way.
                () = events.closed() => Err(Ended::Unheard),
            };
            if let Err(Ended::Failed(message)) = ended {
                // Whoever asked is gone where this cannot be told.
                let _ = events.send(JobEvent::Failed { message }).await;
            }
            drop(running);
        });
        Ok(told)
    }
}
