use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use gateway::{AdminJobs, JobLines, JobRefused, JobRequest};
use tokio::sync::mpsc;

use crate::compatibility;
use crate::jobs::Desk;
use crate::scrub::scrub_stores;
use crate::stores::{Assembled, Engine};

/// Events that may wait for whoever reads them.
const EVENTS_QUEUED: usize = 64;

/// What the operator can ask of a running server.
pub(super) struct Jobs {
    stores: Assembled,
    scrubbing: Arc<AtomicBool>,
    desk: Desk,
}

impl Jobs {
    pub(super) fn new(stores: Assembled) -> Self {
        Self { desk: Desk::new(stores.clone()), stores, scrubbing: Arc::default() }
    }
}

/// Ends the exclusion of a second scrub, however the first ends.
struct Scrubbing(Arc<AtomicBool>);

impl Drop for Scrubbing {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl AdminJobs for Jobs {
    fn scrub(&self) -> Result<JobLines, JobRefused> {
        if !self.stores.opened.iter().any(|store| matches!(store.engine, Engine::Local { .. })) {
            return Err(JobRefused::Unsupported(
                "no store of this server keeps its objects in files: there is nothing to check",
            ));
        }
        if self.scrubbing.swap(true, Ordering::Acquire) {
            return Err(JobRefused::Running);
        }
        let exclusive = Scrubbing(self.scrubbing.clone());
        let (events, mut told) = mpsc::channel(EVENTS_QUEUED);
        let stores = self.stores.opened.clone();
        tokio::spawn(async move {
            scrub_stores(stores, events).await;
            drop(exclusive);
        });
        let lines = futures_util::stream::poll_fn(move |cx| {
            told.poll_recv(cx).map(|event| event.map(|event| Bytes::from(event.to_line())))
        });
        Ok(Box::pin(lines))
    }

    fn capabilities(&self) -> String {
        compatibility::answer(&self.stores)
    }

    fn start(&self, request: JobRequest) -> Result<JobLines, JobRefused> {
        self.desk.lines(&request)
    }
}
