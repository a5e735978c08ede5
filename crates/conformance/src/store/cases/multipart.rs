//! Uploads in parts, from beginning to end.

use bytes::Bytes;
use hash::{FullObjectCrc, Hasher, Md5};
use store::{
    CompleteOptions, CompletedPart, CreateUploadOptions, ListParts, Missing, OpenOptions, PartOptions,
    PartProblem, StoreErrorKind, UploadChecksum, UploadId, UploadRef, WriteCondition,
};
use types::{
    ByteRange, Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ExpectedChecksum, ExpectedDigests,
    ObjectMetadata, StorageClass,
};

use crate::blob::bodies::pattern;
use crate::store::StoreWorld;
use crate::store::desk::{Desk, Upload, assert_refused, key};

/// The desk, where the store takes uploads in parts; else such an upload must be refused.
pub(super) async fn takes_parts(world: &dyn StoreWorld) -> Option<Desk> {
    let desk = Desk::new(world).await;
    if desk.store.capabilities(&desk.bucket).multipart.is_yes() {
        return Some(desk);
    }
    let begun =
        desk.store.create_upload(&desk.cx, &desk.bucket, &key("k"), CreateUploadOptions::default()).await;
    assert_refused!(begun, StoreErrorKind::Unsupported(_));
    None
}

fn etag_of(bodies: &[Bytes]) -> ETag {
    let mut md5 = Md5::new();
    bodies.iter().for_each(|body| md5.update(&Md5::digest(body)));
    ETag::multipart(md5.finish(), bodies.len() as u32)
}

fn refused_part(number: u32, etag: &ETag) -> CompletedPart {
    CompletedPart { number, etag: etag.clone(), checksum: None }
}

/// Parts join in their order.
pub async fn parts_join_in_their_order(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let metadata = ObjectMetadata {
        user: vec![("a".into(), "1".into())],
        storage_class: desk.class(StorageClass::StandardIa),
        ..ObjectMetadata::default()
    };
    let options = CreateUploadOptions { metadata: metadata.clone(), checksum: None };
    let upload = desk.begin("k", options).await;
    let bodies = [7, 2, 500].map(|n| pattern(n, desk.part_min_bytes + n as usize));
    let mut parts = Vec::new();
    // Uploaded in another order, and with gaps between the numbers.
    for (number, body) in [(500, &bodies[2]), (2, &bodies[0]), (7, &bodies[1])] {
        parts.push(upload.put(number, body.clone()).await);
    }
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
    parts.sort_by_key(|part| part.number);
    let made = upload.complete(&parts).await;
    let whole: Bytes = bodies.concat().into();
    assert_eq!((&made.etag, made.size_bytes), (&etag_of(&bodies), whole.len() as u64));
    if desk.can(|store| store.checksums) {
        assert_eq!(made.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, &whole)));
    }
    let (info, read) = desk.open("k", OpenOptions::default()).await.unwrap();
    assert!(read == whole);
    assert_eq!((info.etag, info.metadata, info.part_count), (made.etag, metadata, Some(3)));
    if desk.can(|store| store.checksums) {
        assert_eq!(info.checksum, made.checksum);
    }
    if desk.can(|store| store.exact_times) {
        assert_eq!(info.modified_at, made.modified_at);
    }
    let refused = upload.try_put(1, "late", PartOptions::default()).await;
    assert_refused!(refused, StoreErrorKind::Missing(Missing::Upload));
}

/// Ranges cross parts.
pub async fn ranges_cross_parts(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let size = desk.part_min_bytes.max(70_000);
    let bodies = [pattern(1, size), pattern(2, size + 13), pattern(3, 100)];
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        parts.push(upload.put(number, body.clone()).await);
    }
    upload.complete(&parts).await;
    let whole = bodies.concat();
    let edges = [0, 1, size - 1, size, size + 1, 2 * size + 12, 2 * size + 13, 2 * size + 14, whole.len()];
    for start in edges {
        for end in edges.into_iter().filter(|end| *end >= start) {
            let range = ByteRange { start: start as u64, end: end as u64 };
            assert!(desk.read_range("k", range).await == whole[start..end], "{range:?}");
        }
    }
}

/// Parts of an object are found by number.
pub async fn parts_of_an_object_are_found_by_number(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let size = desk.part_min_bytes as u64;
    let mut parts = Vec::new();
    for number in [3, 5, 9] {
        parts.push(upload.put(number, pattern(u64::from(number), size as usize)).await);
    }
    upload.complete(&parts).await;
    for (place, part) in parts.iter().enumerate() {
        let options = OpenOptions { part_number: Some(part.number), ..OpenOptions::default() };
        let (info, _) = desk.open("k", options).await.unwrap();
        let (start, span) = (place as u64 * size, info.part.unwrap());
        assert_eq!((span.number, span.range), (part.number, ByteRange { start, end: start + size }));
        assert_eq!(info.part_count, Some(3));
        if desk.can(|store| store.checksums) {
            assert_eq!(span.checksum, part.checksum);
        }
    }
    for number in [1, 4, 10, 10_000] {
        let options = OpenOptions { part_number: Some(number), ..OpenOptions::default() };
        assert_refused!(desk.open("k", options).await, StoreErrorKind::Part(PartProblem::NoSuchPart));
    }
    if !desk.can(|store| store.part_listing) {
        return;
    }
    for (after, limit, numbers, more) in [
        (0, 2, &[3, 5][..], true),
        (0, 3, &[3, 5, 9], false),
        (3, 1, &[5], true),
        (9, 5, &[], false),
        (5, 0, &[], true),
    ] {
        let page = ListParts { after, limit };
        let found =
            desk.store.parts(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default(), page).await.unwrap();
        assert!(found.parts.iter().map(|part| part.number).eq(numbers.iter().copied()), "{page:?}");
        assert_eq!(found.more, more, "{page:?}");
    }
}

/// A part uploaded again replaces the first.
pub async fn a_part_uploaded_again_replaces_the_first(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    for size in [100, 100_000] {
        let upload = desk.begin("k", CreateUploadOptions::default()).await;
        let first = upload.put(1, pattern(1, size)).await;
        let second = upload.put(1, pattern(2, size)).await;
        assert_refused!(
            upload.try_complete(&[first], CompleteOptions::default()).await,
            StoreErrorKind::Part(PartProblem::Invalid(1))
        );
        upload.complete(&[second]).await;
        assert!(desk.read("k").await == pattern(2, size));
    }
}

/// A wrong list of parts is refused and the upload stays.
pub async fn a_wrong_list_of_parts_is_refused_and_the_upload_stays(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let one = upload.put(1, pattern(1, desk.part_min_bytes)).await;
    let two = upload.put(2, "small").await;
    let three = upload.put(3, "end").await;
    let complete = |parts: Vec<CompletedPart>, options| {
        let upload = &upload;
        async move { upload.try_complete(&parts, options).await }
    };
    let plain = CompleteOptions::default;
    let cases: [(Vec<CompletedPart>, CompleteOptions, PartProblem); 7] = [
        (vec![two.clone(), one.clone()], plain(), PartProblem::Order),
        (vec![one.clone(), one.clone()], plain(), PartProblem::Order),
        (vec![one.clone(), refused_part(4, &one.etag)], plain(), PartProblem::Invalid(4)),
        (vec![one.clone(), refused_part(2, &one.etag)], plain(), PartProblem::Invalid(2)),
        (
            vec![one.clone(), two.clone(), three.clone()],
            plain(),
            PartProblem::TooSmall { number: 2, size_bytes: 5 },
        ),
        (
            vec![one.clone()],
            CompleteOptions { object_size_bytes: Some(1), ..plain() },
            PartProblem::ObjectSize,
        ),
        (
            vec![one.clone(), two.clone()],
            CompleteOptions { max_size_bytes: Some(desk.part_min_bytes as u64 + 4), ..plain() },
            PartProblem::TooLarge { size_bytes: desk.part_min_bytes as u64 + 5 },
        ),
    ];
    for (parts, options, problem) in cases {
        assert_refused!(complete(parts, options).await, StoreErrorKind::Part(found) if found == problem);
    }
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
    let options = CompleteOptions {
        object_size_bytes: Some(desk.part_min_bytes as u64 + 3),
        max_size_bytes: Some(desk.part_min_bytes as u64 + 3),
        ..plain()
    };
    complete(vec![one, three], options).await.unwrap();
    assert_eq!(desk.head("k").await.unwrap().part_count, Some(2));
}

/// A completion is decided by its condition.
pub async fn a_completion_is_decided_by_its_condition(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let etag = desk.put("k", "there").await.etag;
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let parts = [upload.put(1, "part").await];
    let on = |condition| CompleteOptions { condition, ..CompleteOptions::default() };
    if !desk.can(|store| store.conditional_put) {
        let refused = upload.try_complete(&parts, on(WriteCondition::IfAbsent)).await;
        assert_refused!(refused, StoreErrorKind::Unsupported(_));
        assert_eq!(desk.read("k").await, "there");
        return;
    }
    assert_refused!(
        upload.try_complete(&parts, on(WriteCondition::IfAbsent)).await,
        StoreErrorKind::ConditionFailed
    );
    let other = WriteCondition::IfMatch(ETag::from_text("other"));
    assert_refused!(upload.try_complete(&parts, on(other)).await, StoreErrorKind::ConditionFailed);
    assert_eq!(desk.read("k").await, "there");
    upload.try_complete(&parts, on(WriteCondition::IfMatch(etag))).await.unwrap();
    assert_eq!(desk.read("k").await, "part");
}

/// A completion repeated answers the same.
pub async fn a_completion_repeated_answers_the_same(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let parts = [upload.put(1, "part").await];
    let made = upload.complete(&parts).await;
    if !desk.can(|store| store.repeated_completion) {
        // It answers the same, or that there is no such upload; and never makes the object again.
        match upload.try_complete(&parts, CompleteOptions::default()).await {
            Ok(again) => assert_eq!(again.etag, made.etag),
            Err(error) => assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)), "{error}"),
        }
        assert_eq!(desk.read("k").await, "part");
        return;
    }
    assert_eq!(upload.complete(&parts).await, made);
    let wrong = [refused_part(1, &ETag::from_text("00000000000000000000000000000000"))];
    assert_refused!(
        upload.try_complete(&wrong, CompleteOptions::default()).await,
        StoreErrorKind::Missing(Missing::Upload)
    );
    assert_refused!(upload.abort().await, StoreErrorKind::Missing(Missing::Upload));
    // It tells what it made; it never makes it again.
    desk.delete("k").await;
    let again = upload.try_complete(&parts, CompleteOptions::default()).await;
    assert_refused!(again, StoreErrorKind::Missing(Missing::Upload));
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
    desk.put("k", "part").await;
    let again = upload.try_complete(&parts, CompleteOptions::default()).await;
    assert_refused!(again, StoreErrorKind::Missing(Missing::Upload));
}

/// An aborted upload is gone.
pub async fn an_aborted_upload_is_gone(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let part = upload.put(1, pattern(1, 100_000)).await;
    upload.abort().await.unwrap();
    let missing = StoreErrorKind::Missing(Missing::Upload);
    let refusals = [
        crate::store::desk::refusal(upload.abort().await),
        crate::store::desk::refusal(upload.try_put(1, "x", PartOptions::default()).await),
        crate::store::desk::refusal(upload.try_complete(&[part], CompleteOptions::default()).await),
        crate::store::desk::refusal(
            desk.store.list_parts(&desk.cx, upload.reference(), ListParts { after: 0, limit: 1 }).await,
        ),
    ];
    for refusal in refusals {
        assert_eq!(format!("{refusal:?}"), format!("{missing:?}"));
    }
}

/// An upload belongs to its key.
pub async fn an_upload_belongs_to_its_key(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let (first, second) = (
        desk.begin("k", CreateUploadOptions::default()).await,
        desk.begin("k", CreateUploadOptions::default()).await,
    );
    assert_ne!(first.id, second.id);
    let parts = [first.put(1, "of the first").await];
    second.put(1, "of the second").await;
    let other_key = Upload { desk: &desk, key: key("other"), id: first.id.clone() };
    let nonsense = Upload { desk: &desk, key: key("k"), id: UploadId::from_text("nonsense") };
    for wrong in [&other_key, &nonsense] {
        let put = wrong.try_put(1, "x", PartOptions::default()).await;
        assert_refused!(put, StoreErrorKind::Missing(Missing::Upload));
        let completed = wrong.try_complete(&parts, CompleteOptions::default()).await;
        assert_refused!(completed, StoreErrorKind::Missing(Missing::Upload));
    }
    first.complete(&parts).await;
    assert_refused!(
        other_key.try_complete(&parts, CompleteOptions::default()).await,
        StoreErrorKind::Missing(Missing::Upload)
    );
    assert_eq!(desk.read("k").await, "of the first");
    let listed = desk.store.list_parts(
        &desk.cx,
        UploadRef { bucket: &desk.bucket, key: &second.key, id: &second.id },
        ListParts { after: 0, limit: 10 },
    );
    assert_eq!(listed.await.unwrap().parts.len(), 1);
}

/// Whole checksums are combined and verified.
pub async fn whole_checksums_are_combined_and_verified(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let bodies = [pattern(1, desk.part_min_bytes), pattern(2, 1000)];
    if !desk.can(|store| store.checksums) {
        return;
    }
    for algorithm in ChecksumAlgorithm::ALL.into_iter().filter(|algorithm| algorithm.is_combinable()) {
        let named = UploadChecksum { algorithm, kind: ChecksumKind::FullObject };
        let options = CreateUploadOptions { checksum: Some(named), ..CreateUploadOptions::default() };
        let upload = desk.begin("k", options).await;
        let mut combined = FullObjectCrc::new(algorithm).unwrap();
        let mut parts = Vec::new();
        for (number, body) in (1..).zip(&bodies) {
            let part = upload.put(number, body.clone()).await;
            assert_eq!(part.checksum, Some(Hasher::checksum(algorithm, body)));
            combined = combined.append(&part.checksum.unwrap(), body.len() as u64).unwrap();
            parts.push(CompletedPart { checksum: None, ..part });
        }
        let expecting = |checksum| CompleteOptions { checksum: Some(checksum), ..CompleteOptions::default() };
        let wrong = upload.try_complete(&parts, expecting(Hasher::checksum(algorithm, b"other"))).await;
        assert_refused!(wrong, StoreErrorKind::DigestMismatch(Some(found)) if found == algorithm);
        let kind = CompleteOptions { checksum_kind: Some(ChecksumKind::Composite), ..Default::default() };
        let wrong = upload.try_complete(&parts, kind).await;
        assert_refused!(wrong, StoreErrorKind::Part(PartProblem::ChecksumKind));
        let made = upload.try_complete(&parts, expecting(combined.finish())).await.unwrap();
        assert_eq!(made.checksum, Some(Hasher::checksum(algorithm, &bodies.concat())));
    }
}

/// Composite checksums cover the parts.
pub async fn composite_checksums_cover_the_parts(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let bodies = [pattern(1, desk.part_min_bytes), pattern(2, 1000)];
    if !desk.can(|store| store.checksums) {
        return;
    }
    // S3 knows CRC64NVME of whole objects only.
    for algorithm in ChecksumAlgorithm::ALL.into_iter().filter(|sum| *sum != ChecksumAlgorithm::Crc64Nvme) {
        let named = UploadChecksum { algorithm, kind: ChecksumKind::Composite };
        let options = CreateUploadOptions { checksum: Some(named), ..CreateUploadOptions::default() };
        let upload = desk.begin("k", options).await;
        let mut parts = Vec::new();
        for (number, body) in (1..).zip(&bodies) {
            let value = ExpectedChecksum::Value(Hasher::checksum(algorithm, body));
            let expected = ExpectedDigests { content_md5: None, checksum: value };
            let outcome = upload.try_put(number, body.clone(), PartOptions { expected }).await.unwrap();
            parts.push(CompletedPart { number, etag: outcome.etag, checksum: outcome.checksum });
        }
        let mut without = parts.clone();
        without[1].checksum = None;
        let refused = upload.try_complete(&without, CompleteOptions::default()).await;
        assert_refused!(refused, StoreErrorKind::Part(PartProblem::ChecksumMissing(2)));
        let mut wrong = parts.clone();
        wrong[0].checksum = parts[1].checksum;
        let refused = upload.try_complete(&wrong, CompleteOptions::default()).await;
        assert_refused!(refused, StoreErrorKind::Part(PartProblem::Invalid(1)));
        let made = upload.complete(&parts).await;
        let values: Vec<u8> =
            parts.iter().flat_map(|part| part.checksum.unwrap().value.as_bytes().to_vec()).collect();
        let expected =
            Checksum::composite(algorithm, Hasher::checksum(algorithm, &values).value.as_bytes(), 2);
        assert_eq!(made.checksum, expected);
        assert_eq!(desk.head("k").await.unwrap().checksum, expected);
    }
}

/// A part of another algorithm is refused.
pub async fn a_part_of_another_algorithm_is_refused(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let with = |checksum| PartOptions { expected: ExpectedDigests { content_md5: None, checksum } };
    let crc = Hasher::checksum(ChecksumAlgorithm::Crc32, b"part");
    let named = UploadChecksum { algorithm: ChecksumAlgorithm::Sha256, kind: ChecksumKind::Composite };
    let options = CreateUploadOptions { checksum: Some(named), ..CreateUploadOptions::default() };
    let upload = desk.begin("k", options).await;
    for checksum in [
        ExpectedChecksum::Value(crc),
        ExpectedChecksum::Trailer(ChecksumAlgorithm::Crc32),
        ExpectedChecksum::Compute(ChecksumAlgorithm::Crc32),
    ] {
        let refused = upload.try_put(1, "part", with(checksum)).await;
        assert_refused!(
            refused,
            StoreErrorKind::Part(PartProblem::ChecksumAlgorithm(ChecksumAlgorithm::Sha256))
        );
    }
    // An upload that named none takes any, and verifies it.
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let outcome = upload.try_put(1, "part", with(ExpectedChecksum::Value(crc))).await.unwrap();
    if desk.can(|store| store.checksums) {
        assert_eq!(outcome.checksum, Some(Hasher::checksum(ChecksumAlgorithm::Crc64Nvme, b"part")));
    }
    let refused = upload.try_put(1, "paru", with(ExpectedChecksum::Value(crc))).await;
    assert_refused!(refused, StoreErrorKind::DigestMismatch(Some(ChecksumAlgorithm::Crc32)));
    let refused = upload.try_put(1, "part", with(ExpectedChecksum::Trailer(ChecksumAlgorithm::Crc32))).await;
    assert_refused!(refused, StoreErrorKind::TrailerMissing(ChecksumAlgorithm::Crc32));
}

/// Many parts make one object.
pub async fn many_parts_make_one_object(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    if desk.part_min_bytes > 1 << 16 {
        return;
    }
    // More than two pages of a part table.
    const PARTS: u32 = 1100;
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let size = desk.part_min_bytes + 10;
    let mut parts = Vec::new();
    for number in 1..=PARTS {
        parts.push(upload.put(number, pattern(u64::from(number), size)).await);
    }
    let made = upload.complete(&parts).await;
    assert_eq!(made.size_bytes, u64::from(PARTS) * size as u64);
    let whole: Vec<u8> = (1..=u64::from(PARTS)).flat_map(|number| pattern(number, size)).collect();
    assert!(desk.read("k").await == whole);
    for start in (0..whole.len()).step_by(511 * size + 7) {
        let end = (start + 3 * size).min(whole.len());
        let range = ByteRange { start: start as u64, end: end as u64 };
        assert!(desk.read_range("k", range).await == whole[start..end]);
    }
    let options = OpenOptions { part_number: Some(1025), ..OpenOptions::default() };
    let (info, _) = desk.open("k", options).await.unwrap();
    assert_eq!(info.part.unwrap().range.start, 1024 * size as u64);
    desk.delete("k").await;
    assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
}
