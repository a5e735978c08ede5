use blob::{BlobErrorKind, BlobId, ScanScope};
use store::StoreError;
use types::{BodyErrorKind, ByteRange, Frame};

use super::damage::{Damage, DamageKind};
use super::run::{OPERATION, Scrub};
use crate::collector::BLOBS_AT_ONCE;
use crate::error::{During, from_body};

impl Scrub {
    /// Reads all bytes of the next blob, each verified by the blob store; `None` at the end.
    pub(super) async fn step_blob(
        &mut self,
        after: Option<BlobId>,
        damages: &mut Vec<Damage>,
    ) -> Result<Option<BlobId>, StoreError> {
        if self.listed.is_empty() {
            let listed = self.native.blobs.scan(ScanScope::All, after, BLOBS_AT_ONCE).await;
            self.listed.extend(listed.during(OPERATION)?.into_iter().map(|blob| blob.id));
        }
        let Some(next) = self.listed.pop_front() else { return Ok(None) };
        self.blobs += 1;
        let found = |kind| Damage { blob: Some(next), ..Damage::of(kind, "blob") };
        let reader = match self.native.blobs.open(next).await {
            Ok(reader) => reader,
            Err(error) => match error.kind {
                BlobErrorKind::NotFound => return Ok(Some(next)),
                BlobErrorKind::Corrupt => {
                    damages.push(found(DamageKind::BlobUnreadable));
                    return Ok(Some(next));
                }
                _ => return Err(error).during(OPERATION),
            },
        };
        let mut body = reader.read(ByteRange::whole(reader.size_bytes()));
        while let Some(frame) = body.next_frame().await {
            match frame {
                Ok(Frame::Data(data)) => self.bytes += data.len() as u64,
                Ok(Frame::Trailer(_)) => {}
                Err(error) if error.kind == BodyErrorKind::Corrupt => {
                    damages.push(found(DamageKind::BlobBytes));
                    break;
                }
                Err(error) => return Err(from_body(error, OPERATION)),
            }
        }
        Ok(Some(next))
    }
}
