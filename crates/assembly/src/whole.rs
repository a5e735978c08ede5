use hash::{FullObjectCrc, Md5};
use store::{CompletedPart, UploadChecksum};
use types::{Checksum, ChecksumKind, ETag};

use crate::{UploadedPart, algorithm_of};

/// The tag of an object of these parts, by the tags that a client lists; `None` where one is no part's tag.
#[must_use]
pub fn etag_of(parts: &[CompletedPart]) -> Option<ETag> {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&part.etag.md5()?);
    }
    Some(ETag::multipart(md5.finish(), u32::try_from(parts.len()).ok()?))
}

pub(crate) fn kind_of(upload: Option<UploadChecksum>) -> ChecksumKind {
    upload.map_or(ChecksumKind::FullObject, |named| named.kind)
}

/// The checksum of the whole; `None` where a part has none, or those of the parts say nothing about it.
pub(crate) fn checksum_of<P: UploadedPart>(upload: Option<UploadChecksum>, parts: &[P]) -> Option<Checksum> {
    let checksums: Option<Vec<Checksum>> = parts.iter().map(UploadedPart::checksum).collect();
    let (algorithm, checksums) = (algorithm_of(upload), checksums?);
    match kind_of(upload) {
        ChecksumKind::Composite => Some(hash::composite(algorithm, &checksums)),
        ChecksumKind::FullObject => {
            let mut whole = FullObjectCrc::new(algorithm)?;
            for (part, checksum) in parts.iter().zip(&checksums) {
                whole = whole.append(checksum, part.size_bytes())?;
            }
            Some(whole.finish())
        }
    }
}
