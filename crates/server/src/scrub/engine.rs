use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blob::{BlobStore, FileBlobs, ScanScope};
use meta::MetaErrorKind;
use meta_sqlite::SqliteMeta;
use native::{NativeStore, ScrubCursor, ScrubDepth, ScrubStep};
use tokio::sync::mpsc::Sender;

use super::ScrubEvent;
use super::cursor::Kept;
use crate::stores::{Engine, OpenedStore};

/// Blobs counted at once.
const BLOBS_PAGE: usize = 4096;
/// How often progress is told and kept.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// Why a check ended early.
#[derive(Debug)]
enum Interrupted {
    /// Nobody listens any more.
    Unheard,
    /// Something failed; what.
    Failed(String),
}

impl<E: fmt::Display> From<E> for Interrupted {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Verifies every record and byte of the stores that keep files, and tells how it goes. Ends early, to be gone on with by
/// the next call, when nobody listens any more.
pub(crate) async fn scrub_stores(stores: Vec<OpenedStore>, events: Sender<ScrubEvent>) {
    let mut sum = Kept::default();
    for store in &stores {
        let Engine::Local { native, dir, meta, blobs } = &store.engine else { continue };
        let mut check = Check {
            name: store.name.clone(),
            native: native.clone(),
            meta: meta.clone(),
            blobs: blobs.clone(),
            path: Kept::path(dir),
            kept: Kept::default(),
            events: events.clone(),
            told: Instant::now(),
        };
        match check.run().await {
            Ok(()) => sum.add(&check.kept),
            Err(Interrupted::Unheard) => return,
            Err(Interrupted::Failed(message)) => {
                // Whoever asked is gone where this cannot be told.
                let _ = events.send(ScrubEvent::Failed { message }).await;
                return;
            }
        }
    }
    let Kept { records, blobs, bytes, damaged, .. } = sum;
    // As above.
    let _ = events.send(ScrubEvent::Done { records, blobs, bytes, damaged }).await;
}

impl Kept {
    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.blobs += other.blobs;
        self.bytes += other.bytes;
        self.damaged += other.damaged;
    }
}

/// The check of one store.
struct Check {
    name: String,
    native: NativeStore,
    meta: Arc<SqliteMeta>,
    blobs: Arc<FileBlobs>,
    path: PathBuf,
    kept: Kept,
    events: Sender<ScrubEvent>,
    told: Instant,
}

impl Check {
    async fn run(&mut self) -> Result<(), Interrupted> {
        let earlier = Kept::load(&self.path);
        let from: Option<ScrubCursor> = earlier.as_ref().and_then(|kept| kept.place.parse().ok());
        let resumed = from.is_some();
        self.kept = earlier.filter(|_| resumed).unwrap_or_default();
        let mut scrub = self.native.scrub(from, ScrubDepth::Bytes);
        // Where a damaged record hides the others from counting, the walk itself finds it.
        let records = self.kept.records + scrub.records_left().await.unwrap_or(0);
        let blobs = self.count_blobs().await?;
        self.tell(ScrubEvent::Begun { store: self.name.clone(), records, blobs, resumed }).await?;
        if !resumed {
            self.structure().await?;
        }
        let base = self.kept.clone();
        loop {
            let step = scrub.step().await?;
            self.count(&base, &step);
            for damage in &step.damages {
                self.damage(damage.to_string()).await?;
            }
            if step.done {
                break;
            }
            self.keep_and_tell(TELL_EVERY).await?;
            tokio::task::yield_now().await;
        }
        self.keep_and_tell(Duration::ZERO).await?;
        Ok(Kept::forget(&self.path)?)
    }

    fn count(&mut self, base: &Kept, step: &ScrubStep) {
        self.kept.place = step.cursor.to_string();
        self.kept.records = base.records + step.records;
        self.kept.blobs = base.blobs + step.blobs;
        self.kept.bytes = base.bytes + step.bytes;
    }

    async fn structure(&mut self) -> Result<(), Interrupted> {
        match self.meta.check_structure().await {
            Ok(wrong) => {
                for line in wrong {
                    self.damage(format!("metadata: {line}")).await?;
                }
                Ok(())
            }
            // Writes needed the room that the check's view kept. The records are read one by one in any case.
            Err(error) if error.kind == MetaErrorKind::Unavailable => {
                tracing::info!(store = self.name, %error, "the check of the database's structure gave way to writes");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn damage(&mut self, what: String) -> Result<(), Interrupted> {
        self.kept.damaged += 1;
        tracing::error!(store = self.name, what, "damaged");
        self.tell(ScrubEvent::Damage { store: self.name.clone(), what }).await
    }

    async fn count_blobs(&self) -> Result<u64, Interrupted> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.blobs.scan(ScanScope::All, after, BLOBS_PAGE).await?;
            let Some(last) = page.last() else { return Ok(count) };
            count += page.len() as u64;
            after = Some(last.id);
        }
    }

    async fn keep_and_tell(&mut self, every: Duration) -> Result<(), Interrupted> {
        if self.told.elapsed() < every {
            return Ok(());
        }
        self.told = Instant::now();
        self.kept.save(&self.path)?;
        let Kept { records, blobs, bytes, .. } = self.kept;
        self.tell(ScrubEvent::Progress { store: self.name.clone(), records, blobs, bytes }).await
    }

    async fn tell(&self, event: ScrubEvent) -> Result<(), Interrupted> {
        self.events.send(event).await.map_err(|_| Interrupted::Unheard)
    }
}
