use std::sync::Arc;

use meta::Check;
use store::{CopyPartOptions, CopySource, PartOutcome, StoreError, StoreErrorKind, UploadRef};
use types::{ByteRange, Checksum, ChecksumAlgorithm, ChecksumKind, ExpectedChecksum, ExpectedDigests};

use super::put_part::NewPart;
use crate::find::{Found, Looks};
use crate::native::Native;
use crate::object::digest;
use crate::publish::{ATTEMPTS_MAX, Unpublished};
use crate::receive::Stored;
use crate::record::{Data, Place};

const OPERATION: &str = "copy part";

/// A whole blob of the source that the range covers exactly.
struct Piece {
    place: Place,
    md5: Option<[u8; 16]>,
    checksum: Option<Checksum>,
}

impl Native {
    pub(crate) async fn copy_part(
        self: &Arc<Self>,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let mut looks = Looks::default();
        for _ in 0..ATTEMPTS_MAX {
            let found_upload = self.find_upload(upload, OPERATION).await?;
            let found = self.find_source(source, OPERATION).await?;
            let range = options.range.unwrap_or(ByteRange::whole(found.object.size_bytes));
            if range.end > found.object.size_bytes {
                return Err(StoreError::new(StoreErrorKind::Conflict, OPERATION));
            }
            let algorithm = assembly::algorithm_of(found_upload.record.checksum);
            let Some(mut part) = self.part_of(&found, range, algorithm).await? else {
                looks.again(found, OPERATION)?;
                continue;
            };
            part.number = number;
            match self.publish_part(upload, found_upload, part, OPERATION).await {
                Ok(outcome) => return Ok(outcome),
                Err(Unpublished::Failed(error)) => return Err(error),
                Err(Unpublished::Stale) => {}
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }

    /// The part as it will be, by reference where the range is exactly one blob; `None` where the source's bytes have gone
    /// meanwhile.
    async fn part_of(
        self: &Arc<Self>,
        found: &Found,
        range: ByteRange,
        algorithm: ChecksumAlgorithm,
    ) -> Result<Option<NewPart>, StoreError> {
        let piece = self.piece_of(found, range).await?;
        let known = piece.as_ref().and_then(|piece| {
            let checksum = piece.checksum.filter(|checksum| {
                checksum.algorithm == algorithm && checksum.kind == ChecksumKind::FullObject
            });
            Some((piece.md5?, checksum?))
        });
        let shared = |place, md5, checksum| NewPart {
            number: 0,
            size_bytes: range.len(),
            md5,
            checksum,
            place,
            stored: Stored::Empty,
            checks: vec![Check::Equals(found.row.clone(), found.revision)],
        };
        if let (Some(piece), Some((md5, checksum))) = (&piece, known) {
            return Ok(Some(shared(piece.place, md5, checksum)));
        }
        let Some(content) = self.open_content(found, OPERATION).await? else { return Ok(None) };
        let body = content.read(range).await?;
        if let Some(piece) = piece {
            let digests = digest(body, algorithm, OPERATION).await?;
            return Ok(Some(shared(piece.place, digests.md5, digests.checksum)));
        }
        let expected = ExpectedDigests { content_md5: None, checksum: ExpectedChecksum::Compute(algorithm) };
        let (stored, digests) = self.receive_verified(body, expected, OPERATION).await?;
        let (place, size_bytes) = (stored.place(), digests.size_bytes);
        let (md5, checksum, checks) = (digests.md5, digests.checksum, Vec::new());
        Ok(Some(NewPart { number: 0, size_bytes, md5, checksum, place, stored, checks }))
    }

    async fn piece_of(&self, found: &Found, range: ByteRange) -> Result<Option<Piece>, StoreError> {
        let object = &found.object;
        match &object.data {
            Data::Whole(place @ Place::Blob(_)) if range == ByteRange::whole(object.size_bytes) => {
                let (md5, checksum) = (object.etag.md5(), object.checksum);
                Ok(Some(Piece { place: *place, md5, checksum }))
            }
            Data::Whole(_) => Ok(None),
            Data::Table(table) => {
                let page = table.page_of_offset(range.start);
                let page = table.page(&*self.meta, page, OPERATION).await?.unwrap_or_default();
                let part = page.into_iter().find(|part| part.range == range).map(|part| part.entry);
                // Where the MD5 is known, the part was uploaded as such and is the whole of its blob.
                let whole = part.filter(|part| matches!(part.place, Place::Blob(_)) && part.md5.is_some());
                Ok(whole.map(|part| Piece { place: part.place, md5: part.md5, checksum: part.checksum }))
            }
        }
    }
}
