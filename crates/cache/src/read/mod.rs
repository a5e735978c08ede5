//! How an open object is read: from memory, from blocks, from what is being fetched, or past the cache.

mod body;

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use store::{Content, StoreError};
use tokio::sync::Semaphore;
use types::{Body, ByteRange, Context, ObjectKey};

use self::body::{Counted, Reading};
use crate::disk::BlockStore;
use crate::fill::{Fill, FillParts, First, Origin, Works};
use crate::memory::Small;
use crate::object::Object;
use crate::state::ObjectState;

/// What reading an object needs, shared by all bodies of it.
pub(crate) struct Opening {
    pub(crate) object: Object,
    pub(crate) works: Arc<Works>,
    pub(crate) disk: BlockStore,
    pub(crate) small: Arc<Small>,
    pub(crate) lanes: Arc<Semaphore>,
    pub(crate) inner: store::SharedStore,
    pub(crate) cx: Context,
    pub(crate) bucket: store::Bucket,
    pub(crate) key: ObjectKey,
    pub(crate) state: Arc<ObjectState>,
    /// The fill, once there is need of one.
    pub(crate) fill: Mutex<Option<Arc<Fill>>>,
}

impl Opening {
    fn origin(&self) -> Origin {
        Origin {
            inner: self.inner.clone(),
            // Requests of a fill serve many readers: they end with none of them.
            cx: Context { deadline: None, notes: types::Notes::unread(), ..self.cx.clone() },
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            version_id: self.state.info.version_id.clone(),
            etag: self.state.info.etag.clone(),
            size_bytes: self.object.geometry.size_bytes,
        }
    }

    /// The fill of the object: what is known of, what is on its way, or a new one.
    pub(crate) fn fill(&self) -> Arc<Fill> {
        let mut known = self.fill.lock();
        known.get_or_insert_with(|| self.works.fill(&self.object, None, || self.parts())).clone()
    }

    /// As [`Opening::fill`], with the first request that it needs none of its own for.
    pub(crate) fn begin_fill(&self, first: First) -> Arc<Fill> {
        self.works.fill(&self.object, Some(first), || self.parts())
    }

    /// Turns from a fill that ended for want of another object, of the same content as this one. False where it is of this one.
    fn leave(&self, fill: &Arc<Fill>) -> bool {
        if !fill.has_ended() || fill.origin().is_same(&self.origin()) {
            return false;
        }
        self.fill.lock().take_if(|known| Arc::ptr_eq(known, fill));
        true
    }

    fn parts(&self) -> FillParts {
        FillParts {
            origin: self.origin(),
            checksum: self.state.info.checksum,
            disk: self.disk.clone(),
            lanes: self.lanes.clone(),
        }
    }

    /// Bytes past the cache.
    async fn pass(&self, range: ByteRange) -> Result<Body, StoreError> {
        self.works.stats.refused.add(1);
        let content = self.origin().open(range).await?;
        let body = content.read(range).await?;
        let length_bytes = body.length_bytes();
        Ok(Body::new(Counted { inner: body, stats: self.works.stats.clone() }, length_bytes))
    }
}

/// The bytes of an object that is cached, or on its way into the cache.
pub(crate) struct CachedContent(pub(crate) Arc<Opening>);

#[async_trait]
impl Content for CachedContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        if range.is_empty() {
            return Ok(Body::empty());
        }
        if let Some(bytes) = self.0.small.get(&self.0.object) {
            let stats = &self.0.works.stats;
            stats.memory_hits.add(1);
            stats.bytes_served.add(range.len());
            return Ok(Body::from_bytes(bytes.slice(range.start as usize..range.end as usize)));
        }
        let reading = Reading::begin(self.0.clone(), range).await?;
        Ok(Body::new(reading, Some(range.len())))
    }
}

/// The bytes of an object that is not cached.
pub(crate) struct PassedContent {
    pub(crate) inner: Arc<dyn Content>,
    pub(crate) works: Arc<Works>,
}

#[async_trait]
impl Content for PassedContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let body = self.inner.read(range).await?;
        let length_bytes = body.length_bytes();
        Ok(Body::new(Counted { inner: body, stats: self.works.stats.clone() }, length_bytes))
    }
}
