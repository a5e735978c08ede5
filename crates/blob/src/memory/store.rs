use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;
use types::{Body, Ceiling, Frame};

use super::content::{Charge, Collector, Content, ContentReader, OverCeiling};
use super::image::{MemoryImage, RemovalHold};
use crate::{
    BlobError, BlobErrorKind, BlobId, BlobInfo, BlobReader, BlobStats, BlobStore, MakeRoom, ScanScope,
    WriteOptions, WrittenBlob,
};

/// Blobs in memory, under a ceiling that may be shared with other stores. Cloning shares the store.
#[derive(Clone)]
pub struct MemoryBlobs {
    shared: Arc<Shared>,
    ceiling: Ceiling,
    stats: Arc<BlobStats>,
}

#[derive(Default)]
pub(super) struct Shared {
    pub(super) state: RwLock<State>,
}

#[derive(Default)]
pub(super) struct State {
    next_id: u128,
    /// Ids below this one are settled.
    swept_below: u128,
    /// Ids below this one come from an image; between the two they are unswept.
    own_from: u128,
    blobs: BTreeMap<BlobId, Arc<Content>>,
    /// How many [`RemovalHold`]s live.
    pub(super) holds: usize,
    /// Blobs removed while held.
    pub(super) removed: BTreeMap<BlobId, Arc<Content>>,
}

impl MemoryBlobs {
    /// An empty store.
    #[must_use]
    pub fn new(ceiling: Ceiling) -> Self {
        Self { shared: Arc::default(), ceiling, stats: Arc::default() }
    }

    /// A store that holds what the image does; what the image's store wrote is unswept.
    ///
    /// # Errors
    /// `Full` where the image does not fit.
    pub fn from_image(image: MemoryImage, ceiling: Ceiling) -> Result<Self, BlobError> {
        let store = Self::new(ceiling);
        let mut state = State { next_id: image.next_id, swept_below: image.swept_below, ..State::default() };
        for (id, chunks) in image.blobs {
            let charge = Charge::new(store.ceiling.clone(), 0);
            let content = charge.and_then(|charge| Content::from_chunks(chunks, charge));
            let content = content.map_err(|_| BlobError::new(BlobErrorKind::Full, "load image", Some(id)))?;
            state.next_id = state.next_id.max(id.as_u128() + 1);
            state.blobs.insert(id, Arc::new(content));
        }
        state.own_from = state.next_id;
        *store.shared.state.write() = state;
        Ok(store)
    }

    /// What the store holds now, blobs removed under a [`RemovalHold`] included.
    #[must_use]
    pub fn image(&self) -> MemoryImage {
        let state = self.shared.state.read();
        let mut blobs: Vec<_> = state.blobs.iter().chain(&state.removed).collect();
        blobs.sort_unstable_by_key(|(id, _)| **id);
        let blobs = blobs.into_iter().map(|(id, content)| (*id, content.chunks().to_vec())).collect();
        MemoryImage { next_id: state.next_id, swept_below: state.swept_below, blobs }
    }

    /// Keeps blobs removed from now on in images of the store, as long as what is returned lives.
    #[must_use]
    pub fn hold_removals(&self) -> RemovalHold {
        RemovalHold::new(self.shared.clone())
    }

    /// What has happened so far.
    #[must_use]
    pub fn stats(&self) -> &Arc<BlobStats> {
        &self.stats
    }
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn write(&self, mut body: Body, options: WriteOptions<'_>) -> Result<WrittenBlob, BlobError> {
        let failed = |kind| BlobError::new(kind, "write", None);
        let full = |_: OverCeiling| failed(BlobErrorKind::Full);
        let WriteOptions { size_bytes: hint_bytes, room } = options;
        let charge = || Charge::new(self.ceiling.clone(), hint_bytes.unwrap_or(0));
        let mut collector = Collector::new(hint_bytes, patiently(room, charge).await.map_err(full)?);
        while let Some(frame) = body.next_frame().await {
            if let Frame::Data(data) = frame.map_err(|error| failed(BlobErrorKind::Body(error)))? {
                patiently(room, || collector.push(&data)).await.map_err(full)?;
            }
        }
        let content = collector.finish().map_err(full)?;
        let size_bytes = content.size_bytes();
        let mut state = self.shared.state.write();
        let id = BlobId::from_u128(state.next_id);
        state.next_id += 1;
        state.blobs.insert(id, Arc::new(content));
        self.stats.bytes_written.add(size_bytes);
        self.stats.blobs_written.add(1);
        Ok(WrittenBlob { id, size_bytes })
    }

    async fn open(&self, id: BlobId) -> Result<Box<dyn BlobReader>, BlobError> {
        let content = self.shared.state.read().blobs.get(&id).cloned();
        let content = content.ok_or_else(|| BlobError::new(BlobErrorKind::NotFound, "open", Some(id)))?;
        Ok(Box::new(ContentReader(content)))
    }

    async fn remove(&self, id: BlobId) -> Result<(), BlobError> {
        let mut state = self.shared.state.write();
        let Some(content) = state.blobs.remove(&id) else { return Ok(()) };
        if state.holds > 0 {
            state.removed.insert(id, content);
        } else {
            // Freeing a large blob takes a while: not under the lock.
            drop(state);
            drop(content);
        }
        self.stats.blobs_removed.add(1);
        Ok(())
    }

    async fn scan(
        &self,
        scope: ScanScope,
        after: Option<BlobId>,
        limit: usize,
    ) -> Result<Vec<BlobInfo>, BlobError> {
        let state = self.shared.state.read();
        let (from, below) = match scope {
            ScanScope::All => (0, u128::MAX),
            ScanScope::Unswept => (state.swept_below, state.own_from),
        };
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let found = state.blobs.range((start, Bound::Unbounded));
        let found = found.skip_while(|(id, _)| id.as_u128() < from);
        let found = found.take_while(|(id, _)| id.as_u128() < below).take(limit);
        Ok(found.map(|(id, content)| BlobInfo { id: *id, size_bytes: Some(content.size_bytes()) }).collect())
    }

    async fn settle(&self) -> Result<(), BlobError> {
        let mut state = self.shared.state.write();
        state.swept_below = state.own_from;
        Ok(())
    }
}

/// Takes a step that nothing is left of where it goes over the ceiling, again and again for as long as room is made.
async fn patiently<T>(
    room: Option<&dyn MakeRoom>,
    mut step: impl FnMut() -> Result<T, OverCeiling>,
) -> Result<T, OverCeiling> {
    loop {
        let over = match step() {
            Ok(done) => return Ok(done),
            Err(over) => over,
        };
        match room {
            Some(room) if room.make_room().await => {}
            _ => return Err(over),
        }
    }
}
