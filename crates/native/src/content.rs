mod table;

use std::sync::Arc;

use async_trait::async_trait;
use blob::{BlobErrorKind, BlobReader};
use bytes::Bytes;
use store::{Content, StoreError};
use types::{Body, ByteRange};

use self::table::TableContent;
use crate::error::{During, contradiction};
use crate::find::Found;
use crate::keys;
use crate::native::Native;
use crate::record::{Data, Place};

/// The bytes of a small object.
struct InlineContent(Bytes);

#[async_trait]
impl Content for InlineContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let end = range.end.min(self.0.len() as u64);
        let start = range.start.min(end);
        Ok(Body::from_bytes(self.0.slice(start as usize..end as usize)))
    }
}

/// An open blob, or a piece of one.
struct BlobContent {
    reader: Box<dyn BlobReader>,
    offset: u64,
}

#[async_trait]
impl Content for BlobContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let range = ByteRange { start: self.offset + range.start, end: self.offset + range.end };
        Ok(self.reader.read(range))
    }
}

impl Native {
    /// Opens an object's bytes; `None` where they have gone because the object was replaced or removed meanwhile.
    pub(crate) async fn open_content(
        self: &Arc<Self>,
        found: &Found,
        operation: &'static str,
    ) -> Result<Option<Box<dyn Content>>, StoreError> {
        let object = &found.object;
        match &object.data {
            Data::Whole(place) => self.open_place(*place, 0, object.size_bytes, operation).await,
            Data::Table(table) => {
                let lease = self.leases.take(table.id);
                let again = self.meta.get(&found.row).await.during(operation)?;
                if again.is_none_or(|record| record.revision != found.revision) {
                    return Ok(None);
                }
                Ok(Some(Box::new(TableContent::new(self.clone(), table.clone(), lease))))
            }
        }
    }

    /// Opens `size_bytes` bytes of a place from `offset` on; `None` where the place has gone.
    pub(crate) async fn open_place(
        &self,
        place: Place,
        offset: u64,
        size_bytes: u64,
        operation: &'static str,
    ) -> Result<Option<Box<dyn Content>>, StoreError> {
        match place {
            Place::Empty => Ok(Some(Box::new(InlineContent(Bytes::new())))),
            Place::Inline(id) => {
                let Some(record) = self.meta.get(&keys::data(id)).await.during(operation)? else {
                    return Ok(None);
                };
                let piece = offset as usize..offset.saturating_add(size_bytes) as usize;
                if piece.end > record.value.len() {
                    return Err(contradiction(operation));
                }
                Ok(Some(Box::new(InlineContent(record.value.slice(piece)))))
            }
            Place::Blob(id) => match self.blobs.open(id).await {
                Ok(reader) if reader.size_bytes() < offset.saturating_add(size_bytes) => {
                    Err(contradiction(operation))
                }
                Ok(reader) => Ok(Some(Box::new(BlobContent { reader, offset }))),
                Err(error) if matches!(error.kind, BlobErrorKind::NotFound) => Ok(None),
                Err(error) => Err(error).during(operation),
            },
        }
    }
}
