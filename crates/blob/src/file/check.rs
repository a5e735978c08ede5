use types::{BodyErrorKind, ByteRange};

use crate::{BlobError, BlobErrorKind, BlobId, BlobStore};

/// Reads a blob whole, so that every block is verified; its size.
///
/// # Errors
/// `Corrupt` where anything of it is damaged; else as [`BlobStore::open`].
pub async fn verify(store: &dyn BlobStore, id: BlobId) -> Result<u64, BlobError> {
    let reader = store.open(id).await?;
    let mut body = reader.read(ByteRange::whole(reader.size_bytes()));
    while let Some(frame) = body.next_frame().await {
        if let Err(error) = frame {
            let kind = match error.kind {
                BodyErrorKind::Corrupt => BlobErrorKind::Corrupt,
                _ => BlobErrorKind::Io,
            };
            return Err(BlobError { kind, operation: "verify", id: Some(id), source: Some(error.into()) });
        }
    }
    Ok(reader.size_bytes())
}
