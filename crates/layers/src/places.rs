use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use types::{Context, RequestId};

/// Places for calls under way. While a body goes out to a request, what else the request asks goes in the body's place: a copy
/// that reads and writes at once would otherwise hold one place and wait for another, and several such for each other. Each body
/// has a place of its own: one request may make a cache fetch many, which do not wait for each other.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// The places of each request that bodies go out to.
    readers: Mutex<HashMap<RequestId, Vec<Weak<Place>>>>,
}

/// A place, until its last holder drops it.
#[derive(Debug)]
pub(crate) struct Place {
    of: Arc<Places>,
    request: RequestId,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(count: u32) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(count as usize)), readers: Mutex::default() })
    }

    /// A place that a body goes out to the request in, where there is one.
    pub(crate) fn beside(&self, cx: &Context) -> Option<Arc<Place>> {
        self.readers.lock().get(&cx.request_id)?.iter().find_map(Weak::upgrade)
    }

    /// Waits for a place; `None` where there is none until then.
    pub(crate) async fn take(self: &Arc<Self>, cx: &Context, until: Option<Instant>) -> Option<Arc<Place>> {
        let acquiring = self.free.clone().acquire_owned();
        let permit = match until {
            Some(until) => timeout_at(until, acquiring).await.ok()?.ok()?,
            None => acquiring.await.ok()?,
        };
        Some(Arc::new(Place { of: self.clone(), request: cx.request_id, _permit: permit }))
    }
}

impl Place {
    /// Says that a body goes out in this place.
    pub(crate) fn reads(self: &Arc<Self>) {
        if self.request.is_known() {
            self.of.readers.lock().entry(self.request).or_default().push(Arc::downgrade(self));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut readers = self.of.readers.lock();
        if let Some(places) = readers.get_mut(&self.request) {
            places.retain(|place| place.strong_count() > 0);
            if places.is_empty() {
                readers.remove(&self.request);
            }
        }
    }
}
