use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blob::{BlobErrorKind, BlobId, BlobStore, FileBlobs, ScanScope};
use meta::MetaErrorKind;
use meta_sqlite::SqliteMeta;
use tokio::sync::mpsc::Sender;

use super::ScrubEvent;
use super::cursor::{Cursor, Step, from_hex, to_hex};
use crate::stores::{Engine, OpenedStore};

/// Blobs asked for at once.
const BLOBS_PAGE: usize = 256;
/// How often progress is told and kept.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// Why a check ended early.
#[derive(Debug)]
pub(super) enum Interrupted {
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
    let mut sum = Cursor::default();
    for store in &stores {
        let Engine::Local { meta, blobs, dir } = &store.engine else { continue };
        let mut scrub = Scrub {
            store: store.name.clone(),
            meta: meta.clone(),
            blobs: blobs.clone(),
            path: Cursor::path(dir),
            cursor: Cursor::default(),
            events: events.clone(),
            told: Instant::now(),
        };
        match scrub.run().await {
            Ok(()) => sum.add(&scrub.cursor),
            Err(Interrupted::Unheard) => return,
            Err(Interrupted::Failed(message)) => {
                // Whoever asked is gone where this cannot be told.
                let _ = events.send(ScrubEvent::Failed { message }).await;
                return;
            }
        }
    }
    let Cursor { records, blobs, bytes, damaged, .. } = sum;
    // As above.
    let _ = events.send(ScrubEvent::Done { records, blobs, bytes, damaged }).await;
}

impl Cursor {
    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.blobs += other.blobs;
        self.bytes += other.bytes;
        self.damaged += other.damaged;
    }
}

/// The check of one store.
struct Scrub {
    store: String,
    meta: Arc<SqliteMeta>,
    blobs: Arc<FileBlobs>,
    path: PathBuf,
    cursor: Cursor,
    events: Sender<ScrubEvent>,
    told: Instant,
}

impl Scrub {
    async fn run(&mut self) -> Result<(), Interrupted> {
        let kept = Cursor::load(&self.path);
        let resumed = kept.is_some();
        self.cursor = kept.unwrap_or_default();
        let blobs = self.count_blobs().await?;
        self.tell(ScrubEvent::Begun { store: self.store.clone(), blobs, resumed }).await?;
        loop {
            let next = match self.cursor.step.clone() {
                Step::Structure => self.structure().await?,
                Step::Records(from) => self.records(&from).await?,
                Step::Blobs(after) => match self.some_blobs(after.as_deref()).await? {
                    Some(next) => next,
                    None => break,
                },
            };
            self.cursor.step = next;
            self.keep_and_tell(TELL_EVERY).await?;
        }
        self.keep_and_tell(Duration::ZERO).await?;
        Ok(Cursor::forget(&self.path)?)
    }

    async fn structure(&mut self) -> Result<Step, Interrupted> {
        match self.meta.check_structure().await {
            Ok(wrong) => {
                for line in wrong {
                    self.damage(format!("metadata: {line}")).await?;
                }
            }
            // Writes needed the room that the check's view kept. The records are read one by one in any case.
            Err(error) if error.kind == MetaErrorKind::Unavailable => {
                tracing::info!(store = self.store, %error, "the check of the database's structure gave way to writes");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Step::Records(String::new()))
    }

    async fn records(&mut self, from: &str) -> Result<Step, Interrupted> {
        let page = self.meta.scrub(&from_hex(from).unwrap_or_default()).await?;
        self.cursor.records += page.checked;
        for key in page.damaged {
            self.damage(format!("record {}", to_hex(&key))).await?;
        }
        tokio::task::yield_now().await;
        Ok(page.next.map_or(Step::Blobs(None), |next| Step::Records(to_hex(&next))))
    }

    async fn some_blobs(&mut self, after: Option<&str>) -> Result<Option<Step>, Interrupted> {
        let after = after.and_then(|text| u128::from_str_radix(text, 16).ok()).map(BlobId::from_u128);
        let page = self.blobs.scan(ScanScope::All, after, BLOBS_PAGE).await?;
        let Some(last) = page.last().map(|info| info.id) else { return Ok(None) };
        for info in page {
            self.blob(info.id).await?;
            self.cursor.step = Step::Blobs(Some(info.id.to_string()));
            self.keep_and_tell(TELL_EVERY).await?;
        }
        Ok(Some(Step::Blobs(Some(last.to_string()))))
    }

    async fn blob(&mut self, id: BlobId) -> Result<(), Interrupted> {
        match blob::verify(&*self.blobs, id).await {
            Ok(size_bytes) => {
                self.cursor.blobs += 1;
                self.cursor.bytes += size_bytes;
            }
            // Removed since the page was read.
            Err(error) if matches!(error.kind, BlobErrorKind::NotFound) => {}
            Err(error) if matches!(error.kind, BlobErrorKind::Corrupt) => {
                self.cursor.blobs += 1;
                self.damage(format!("blob {id}")).await?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn damage(&mut self, what: String) -> Result<(), Interrupted> {
        self.cursor.damaged += 1;
        tracing::error!(store = self.store, what, "damaged");
        self.tell(ScrubEvent::Damage { store: self.store.clone(), what }).await
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
        self.cursor.save(&self.path)?;
        let Cursor { records, blobs, bytes, .. } = self.cursor;
        self.tell(ScrubEvent::Progress { store: self.store.clone(), records, blobs, bytes }).await
    }

    async fn tell(&self, event: ScrubEvent) -> Result<(), Interrupted> {
        self.events.send(event).await.map_err(|_| Interrupted::Unheard)
    }
}
