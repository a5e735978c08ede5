use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use gateway::{AdminJobs, JobLines, JobRefused};
use store::{Bucket, Capabilities, Support, Versioning};
use tokio::sync::mpsc;
use types::{BucketName, TagSet, Timestamp};

use crate::scrub::scrub_stores;
use crate::stores::{Engine, OpenedStore};

/// Events that may wait for whoever reads them.
const EVENTS_QUEUED: usize = 64;

/// What the operator can ask of a running server.
pub(super) struct Jobs {
    stores: Vec<OpenedStore>,
    scrubbing: Arc<AtomicBool>,
}

impl Jobs {
    pub(super) fn new(stores: Vec<OpenedStore>) -> Self {
        Self { stores, scrubbing: Arc::default() }
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
        if !self.stores.iter().any(|store| matches!(store.engine, Engine::Local { .. })) {
            return Err(JobRefused::Unsupported(
                "no store of this server keeps its objects in files: there is nothing to check",
            ));
        }
        if self.scrubbing.swap(true, Ordering::Acquire) {
            return Err(JobRefused::Running);
        }
        let exclusive = Scrubbing(self.scrubbing.clone());
        let (events, mut told) = mpsc::channel(EVENTS_QUEUED);
        let stores = self.stores.clone();
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
        let stores = self
            .stores
            .iter()
            .map(|store| (store.name.clone(), table(&store.port().capabilities(&any_bucket()))));
        let stores: serde_json::Map<_, _> = stores.collect();
        serde_json::Value::Object(stores).to_string()
    }
}

fn table(capabilities: &Capabilities) -> serde_json::Value {
    let value = |support| match support {
        Support::Yes => serde_json::Value::from("yes"),
        Support::No(why) => serde_json::Value::from(format!("no: {why}")),
    };
    capabilities
        .rows()
        .into_iter()
        .map(|(name, support)| (name.to_owned(), value(support)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What a store can do is asked for a bucket; a store of this server can do the same in each.
fn any_bucket() -> Bucket {
    Bucket {
        name: BucketName::new("any").expect("three letters are a legal name"),
        owner: iam::owner_of(iam::ROOT_NAME),
        created_at: Timestamp::default(),
        versioning: Versioning::Off,
        tags: TagSet::default(),
        handle: 0,
        revision: 0,
    }
}
