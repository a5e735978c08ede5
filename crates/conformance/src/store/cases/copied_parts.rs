//! Parts that are copied from objects.

use hash::{Hasher, Md5};
use store::{CopyPartOptions, CopySource, CreateUploadOptions, Missing, StoreErrorKind};
use types::{ByteRange, ChecksumAlgorithm, ETag};

use super::multipart::takes_parts;
use crate::blob::bodies::pattern;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, Upload, assert_refused};

async fn copy_part(
    desk: &Desk,
    source: &CopySource,
    upload: &Upload<'_>,
    number: u32,
    range: Option<ByteRange>,
) -> Result<store::CompletedPart, store::StoreError> {
    let options = CopyPartOptions { range };
    let part = desk.store.copy_part(&desk.cx, source, upload.reference(), number, options).await?;
    Ok(store::CompletedPart { number, etag: part.etag, checksum: part.checksum })
}

/// Parts are copied whole and by range.
pub async fn parts_are_copied_whole_and_by_range(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let size = desk.part_min_bytes.max(100_000);
    let bytes = pattern(1, 2 * size);
    desk.put("from", bytes.clone()).await;
    let source = desk.source("from").await;
    let upload = desk.begin("to", CreateUploadOptions::default()).await;
    let ranges = [
        None,
        Some(ByteRange { start: 1, end: size as u64 + 1 }),
        Some(ByteRange::whole(2 * size as u64)),
        Some(ByteRange { start: 5, end: 10 }),
    ];
    let (mut parts, mut whole) = (Vec::new(), Vec::new());
    for (number, range) in (1..).zip(ranges) {
        let part = copy_part(&desk, &source, &upload, number, range).await.unwrap();
        let range = range.unwrap_or(ByteRange::whole(bytes.len() as u64));
        let piece = &bytes[range.start as usize..range.end as usize];
        assert_eq!(part.etag, ETag::from_md5(Md5::digest(piece)));
        if desk.can(|store| store.checksums) {
            assert_eq!(part.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, piece)));
        }
        whole.extend_from_slice(piece);
        parts.push(part);
    }
    // A part that is replaced gives up no bytes that the others or the source still need.
    let again = copy_part(&desk, &source, &upload, 1, None).await.unwrap();
    assert_eq!(again.etag, parts[0].etag);
    desk.delete("from").await;
    upload.complete(&parts).await;
    assert!(desk.read("to").await == whole);
}

/// Parts are copied from objects in parts.
pub async fn parts_are_copied_from_objects_in_parts(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let size = desk.part_min_bytes.max(100_000);
    let from = desk.begin("from", CreateUploadOptions::default()).await;
    let bodies = [pattern(1, size), pattern(2, size), pattern(3, 1000)];
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        parts.push(from.put(number, body.clone()).await);
    }
    from.complete(&parts).await;
    let (source, whole) = (desk.source("from").await, bodies.concat());
    let upload = desk.begin("to", CreateUploadOptions::default()).await;
    let (mut parts, mut expected) = (Vec::new(), Vec::new());
    for (number, (start, end)) in
        (1..).zip([(0, size), (size, 2 * size), (size / 2, size + size / 2), (2 * size, 2 * size + 1000)])
    {
        let range = ByteRange { start: start as u64, end: end as u64 };
        parts.push(copy_part(&desk, &source, &upload, number, Some(range)).await.unwrap());
        assert_eq!(parts.last().unwrap().etag, ETag::from_md5(Md5::digest(&whole[start..end])));
        expected.extend_from_slice(&whole[start..end]);
    }
    desk.delete("from").await;
    upload.complete(&parts).await;
    assert!(desk.read("to").await == expected);
}

/// A part of another source is a conflict.
pub async fn a_part_of_another_source_is_a_conflict(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    desk.put("from", "1").await;
    let source = desk.source("from").await;
    let upload = desk.begin("to", CreateUploadOptions::default()).await;
    desk.put("from", "2").await;
    let refused = copy_part(&desk, &source, &upload, 1, None).await;
    assert_refused!(refused, StoreErrorKind::Conflict);
    desk.delete("from").await;
    let refused = copy_part(&desk, &source, &upload, 1, None).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Key));
    upload.abort().await.unwrap();
    desk.put("from", "1").await;
    let refused = copy_part(&desk, &source, &upload, 1, None).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Upload));
}
