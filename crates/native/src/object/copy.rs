use std::sync::Arc;

use meta::Check;
use store::{Bucket, CopyOptions, CopySource, Directive, PutOutcome, StoreError, StoreErrorKind};
use types::{
    Body, ByteRange, Checksum, ChecksumAlgorithm, ExpectedChecksum, ExpectedDigests, Frame, ObjectKey,
    ObjectMetadata,
};

use crate::change::Effects;
use crate::error::During;
use crate::find::{Found, Looks};
use crate::ids::DataId;
use crate::keys;
use crate::native::Native;
use crate::publish::{ATTEMPTS_MAX, Draft, Target, Unpublished};
use crate::receive::Stored;
use crate::record::{Data, Place};

const OPERATION: &str = "copy object";

impl Native {
    /// Copies by reference: the copy refers to the source's blob or part table, and a few inline bytes are written again.
    pub(crate) async fn copy(
        self: &Arc<Self>,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        let mut target = Target::new(bucket, key);
        let mut looks = Looks::default();
        let mut hashed = Hashed::default();
        for _ in 0..ATTEMPTS_MAX {
            let found = self.find_source(source, OPERATION).await?;
            let Some(checksum) = self.checksum_of_copy(&found, &options, &mut hashed).await? else {
                looks.again(found, OPERATION)?;
                continue;
            };
            let Some(mut draft) = self.draft_of(&found, &options, checksum).await? else {
                looks.again(found, OPERATION)?;
                continue;
            };
            match self.publish(&mut target, &options.condition, &mut draft, OPERATION).await {
                Ok(outcome) => return Ok(outcome),
                Err(Unpublished::Failed(error)) => return Err(error),
                Err(Unpublished::Stale) => {}
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }

    /// Finds what is to be copied.
    ///
    /// # Errors
    /// `Conflict` where it is not the one that the caller decided on.
    pub(crate) async fn find_source(
        &self,
        source: &CopySource,
        operation: &'static str,
    ) -> Result<Found, StoreError> {
        let found = self.find(&source.bucket, &source.key, source.version_id.as_ref(), operation).await?;
        if found.object.etag == source.etag {
            return Ok(found);
        }
        Err(StoreError::new(StoreErrorKind::Conflict, operation))
    }

    /// The copy as it will be; `None` where the source's bytes have gone meanwhile.
    async fn draft_of(
        &self,
        found: &Found,
        options: &CopyOptions,
        checksum: Option<Checksum>,
    ) -> Result<Option<Draft>, StoreError> {
        let (source, owner) = (&found.object, self.new_id());
        let mut effects = Effects::default();
        let (mut data, mut stored) = (source.data.clone(), Stored::Empty);
        match &source.data {
            Data::Whole(Place::Empty) => {}
            Data::Whole(Place::Inline(id)) => {
                let Some(record) = self.meta.get(&keys::data(*id)).await.during(OPERATION)? else {
                    return Ok(None);
                };
                stored = Stored::Inline(owner, record.value);
                data = Data::Whole(stored.place());
            }
            Data::Whole(Place::Blob(blob)) => effects.refer_to_blob(*blob, owner, 0),
            Data::Table(table) => effects.refer_to_table(table.id, owner),
        }
        Ok(Some(Draft {
            etag: source.etag.clone(),
            checksum,
            size_bytes: source.size_bytes,
            metadata: copied_metadata(&source.metadata, options),
            owner,
            data,
            stored,
            effects,
            checks: vec![Check::Equals(found.row.clone(), found.revision)],
        }))
    }

    /// The checksum that the copy has: the source's, or one for which the source is read. `None` where the source's bytes
    /// have gone meanwhile.
    async fn checksum_of_copy(
        self: &Arc<Self>,
        found: &Found,
        options: &CopyOptions,
        hashed: &mut Hashed,
    ) -> Result<Option<Option<Checksum>>, StoreError> {
        let source = &found.object;
        let kept = source.checksum.map(|checksum| checksum.algorithm);
        let Some(algorithm) = options.checksum.filter(|algorithm| kept != Some(*algorithm)) else {
            return Ok(Some(source.checksum));
        };
        if let Some((_, checksum)) = hashed.filter(|(owner, _)| *owner == source.owner) {
            return Ok(Some(Some(checksum)));
        }
        let Some(content) = self.open_content(found, OPERATION).await? else { return Ok(None) };
        let body = content.read(ByteRange::whole(source.size_bytes)).await?;
        let checksum = digest(body, algorithm, OPERATION).await?.checksum;
        *hashed = Some((source.owner, checksum));
        Ok(Some(Some(checksum)))
    }
}

/// A checksum that was computed, and of which data.
type Hashed = Option<(DataId, Checksum)>;

/// Reads a stored body for its digests.
pub(crate) async fn digest(
    body: Body,
    algorithm: ChecksumAlgorithm,
    operation: &'static str,
) -> Result<hash::Digests, StoreError> {
    let checksum = ExpectedChecksum::Compute(algorithm);
    let (mut body, receipt) = hash::Ingest::wrap(body, ExpectedDigests { content_md5: None, checksum });
    while let Some(frame) = body.next_frame().await {
        let (Frame::Data(_) | Frame::Trailer(_)) = frame.map_err(|error| unreadable(error, operation))?;
    }
    Ok(crate::receive::digests_of(&receipt))
}

/// A stored body could not be read.
fn unreadable(error: types::BodyError, operation: &'static str) -> StoreError {
    let kind = match error.kind {
        types::BodyErrorKind::Corrupt => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Internal,
    };
    StoreError::with_source(kind, operation, error)
}

fn copied_metadata(source: &ObjectMetadata, options: &CopyOptions) -> ObjectMetadata {
    let mut metadata = match &options.metadata {
        Directive::Copy => source.clone(),
        Directive::Replace(metadata) => metadata.clone(),
    };
    if let (Directive::Copy, Some(class)) = (&options.metadata, options.storage_class) {
        metadata.storage_class = class;
    }
    metadata.tags = match &options.tags {
        Directive::Copy => source.tags.clone(),
        Directive::Replace(tags) => tags.clone(),
    };
    metadata
}
