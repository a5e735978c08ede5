use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use proptest::prelude::*;
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, BucketName, Budget, ByteRange, Checksum, ChecksumAlgorithm,
    ETag, ExpectedDigests, Frame, ObjectKey, Random,
};

use super::*;
use crate::format::seal::Identified;

struct Counting(std::sync::atomic::AtomicU8);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill_with(|| self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed));
    }
}

fn random() -> Counting {
    Counting(1.into())
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// Frames with a pause before each.
struct Script(Vec<Bytes>, bool);

impl BodyStream for Script {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(if self.0.is_empty() { None } else { Some(Ok(Frame::Data(self.0.remove(0)))) })
    }
}

fn framed(bytes: &Bytes, frame_bytes: usize) -> Body {
    let frames: Vec<Bytes> = (0..bytes.len())
        .step_by(frame_bytes)
        .map(|start| bytes.slice(start..bytes.len().min(start + frame_bytes)))
        .collect();
    Body::new(Script(frames, false), Some(bytes.len() as u64))
}

fn pattern(size: usize) -> Bytes {
    (0..size).map(|n| (n * 31 % 251) as u8).collect::<Vec<_>>().into()
}

fn name(key: &str) -> (BucketName, ObjectKey) {
    (BucketName::new("bucket").unwrap(), ObjectKey::new(key).unwrap())
}

fn envelope(algorithm: Algorithm, shape: Shape, data_key: &Secret, object: Id) -> Envelope {
    let (bucket, key) = name("key");
    let bound = BoundName { bucket: &bucket, key: &key };
    Envelope::wrap((object, algorithm, shape), data_key, bound, (&[9; 16], &Secret::new([8; 32])), &random())
}

fn whole_header(algorithm: Algorithm, data_key: &Secret, object: Id) -> Header {
    let envelope = envelope(algorithm, Shape::Whole, data_key, object);
    Header { envelope, stream: object, part: 0, role: Role::Data }
}

const DATA_KEY: [u8; 32] = [5; 32];
const OBJECT: Id = [6; 16];

fn sealed(plain: &Bytes, frame_bytes: usize, header: Header, ending: Ending, budget: &Budget) -> Bytes {
    let options = SealOptions {
        header,
        data_key: Secret::new(DATA_KEY),
        ending,
        admission: None,
        budget: budget.clone(),
    };
    let (body, receipt) = seal(framed(plain, frame_bytes), options);
    let length = body.length_bytes();
    let bytes = now(body.collect(usize::MAX)).unwrap();
    assert_eq!(length, Some(bytes.len() as u64));
    assert!(receipt.get().ended && receipt.get().plain_bytes == plain.len() as u64);
    bytes
}

fn footer() -> Ending {
    Ending::Footer(Identified::Known(ETag::from_text("tag"), None))
}

fn whole(plain: &Bytes, frame_bytes: usize, algorithm: Algorithm, budget: &Budget) -> Bytes {
    sealed(plain, frame_bytes, whole_header(algorithm, &Secret::new(DATA_KEY), OBJECT), footer(), budget)
}

/// Opens a range of an object in one piece.
fn opened(
    stored: &Bytes,
    range: ByteRange,
    header: &Header,
    frame_bytes: usize,
    budget: &Budget,
) -> Result<Bytes, BodyErrorKind> {
    let plain_bytes = plain_size(stored.len() as u64).ok_or(BodyErrorKind::Corrupt)?;
    let key = header.key(&Secret::new(DATA_KEY));
    let run = Run { key, plain_bytes, range, stored_at: 0 };
    let ByteRange { start, end } = run.stored();
    let piece = stored.slice(start as usize..end as usize);
    let body = open(framed(&piece, frame_bytes), vec![run], budget.clone());
    assert_eq!(body.length_bytes(), Some(range.len()));
    now(body.collect(usize::MAX)).map_err(|error| error.kind)
}

const EDGES: [usize; 9] = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 400_001];

#[test]
fn every_size_comes_back_whatever_the_frames() {
    for algorithm in [Algorithm::Aes256Gcm, Algorithm::ChaCha20Poly1305] {
        let budget = Budget::new(64 << 20);
        let header = whole_header(algorithm, &Secret::new(DATA_KEY), OBJECT);
        for size in EDGES {
            let plain = pattern(size);
            let expected = whole(&plain, usize::MAX, algorithm, &budget);
            assert_eq!(expected.len() as u64, stored_size(size as u64).unwrap());
            for frame_bytes in [4097, 65_535, 65_536, 65_537, 65_552, 1 << 20] {
                let stored = whole(&plain, frame_bytes, algorithm, &budget);
                assert!(stored == expected, "{size} in frames of {frame_bytes}");
                if size > 0 {
                    let range = ByteRange::whole(size as u64);
                    assert!(opened(&stored, range, &header, frame_bytes, &budget).unwrap() == plain);
                }
            }
        }
        assert_eq!(budget.used_bytes(), 0);
    }
}

#[test]
fn a_budget_that_has_nothing_to_give_holds_nobody_up() {
    let budget = Budget::new(1 << 20);
    let taken: Vec<_> = std::iter::from_fn(|| budget.try_frame(1)).collect();
    let plain = pattern(300_000);
    let stored = whole(&plain, 100_000, Algorithm::Aes256Gcm, &budget);
    let header = whole_header(Algorithm::Aes256Gcm, &Secret::new(DATA_KEY), OBJECT);
    assert!(opened(&stored, ByteRange::whole(300_000), &header, 70_000, &budget).unwrap() == plain);
    assert_eq!(taken.len(), 16);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_range_of_any_object_reads_exactly_its_bytes(
        size in prop_oneof![1_usize..300, 65_000_usize..66_100, 131_000_usize..131_200, 1_usize..350_000],
        (from, to) in (0.0..1.0_f64, 0.0..1.0_f64),
        (in_frame, out_frame) in (1_000_usize..200_000, 1_000_usize..200_000),
    ) {
        let budget = Budget::new(8 << 20);
        let plain = pattern(size);
        let stored = whole(&plain, in_frame, Algorithm::Aes256Gcm, &budget);
        let header = whole_header(Algorithm::Aes256Gcm, &Secret::new(DATA_KEY), OBJECT);
        let (a, b) = ((from * size as f64) as usize, (to * size as f64) as usize);
        let (start, end) = (a.min(b), a.max(b).max(a.min(b) + 1));
        let range = ByteRange { start: start as u64, end: end as u64 };
        let read = opened(&stored, range, &header, out_frame, &budget).unwrap();
        prop_assert!(read == plain[start..end]);
    }
}

/// Opens a stored object wholly, as the layer does: header, footer, then every byte.
fn read_back(stored: &Bytes) -> Result<(Bytes, ETag), Damaged> {
    let (bucket, key) = name("key");
    let bound = BoundName { bucket: &bucket, key: &key };
    let Beginning::Ours(header) = Header::decode(stored)? else { return Err(Damaged) };
    let data_key = header.envelope.unwrap(bound, &Secret::new([8; 32]))?;
    let size = plain_size(stored.len() as u64).ok_or(Damaged)?;
    let header = Header { stream: header.envelope.object, part: 0, ..header };
    let end = stored.len() - FOOTER_BYTES;
    let footer = Footer::open(&stored[end..], &header.key(&data_key), size)?;
    let key = header.key(&data_key);
    let run = Run { key, plain_bytes: size, range: ByteRange::whole(size), stored_at: 0 };
    let piece = stored.slice(HEADER_BYTES..end);
    let body = open(Body::from_bytes(piece), vec![run], Budget::new(4 << 20));
    Ok((now(body.collect(usize::MAX)).map_err(|_| Damaged)?, footer.etag))
}

#[test]
fn a_change_at_any_place_is_found() {
    let plain = pattern(300);
    let stored = whole(&plain, usize::MAX, Algorithm::Aes256Gcm, &Budget::new(4 << 20));
    assert_eq!(read_back(&stored).unwrap(), (plain, ETag::from_text("tag")));
    for place in 0..stored.len() {
        for flip in [1, 0x80] {
            let mut changed = stored.to_vec();
            changed[place] ^= flip;
            assert_eq!(read_back(&changed.into()), Err(Damaged), "byte {place}");
        }
    }
    for cut in 0..stored.len() {
        assert_eq!(read_back(&stored.slice(..cut)), Err(Damaged), "cut at {cut}");
        assert_eq!(read_back(&stored.slice(stored.len() - cut..)), Err(Damaged), "{cut} left");
    }
}

#[test]
fn segments_that_are_moved_dropped_or_repeated_are_found() {
    let budget = Budget::new(4 << 20);
    let plain = pattern(5 * SEGMENT_BYTES + 10);
    let stored = whole(&plain, usize::MAX, Algorithm::ChaCha20Poly1305, &budget);
    let end = stored.len() - FOOTER_BYTES;
    let segments: Vec<&[u8]> = stored[HEADER_BYTES..end].chunks(SEALED_SEGMENT_BYTES).collect();
    let rebuilt = |order: &[usize]| -> Bytes {
        let body: Vec<u8> = order.iter().flat_map(|index| segments[*index].to_vec()).collect();
        [&stored[..HEADER_BYTES], &body, &stored[end..]].concat().into()
    };
    assert_eq!(read_back(&rebuilt(&[0, 1, 2, 3, 4, 5])).unwrap().0, plain);
    let orders: [&[usize]; 6] = [
        &[1, 0, 2, 3, 4, 5],
        &[0, 1, 2, 3, 5],
        &[0, 1, 2, 3, 4],
        &[0, 1, 2, 3, 4, 4, 5],
        &[0, 1, 1, 3, 4, 5],
        &[5],
    ];
    for order in orders {
        assert_eq!(read_back(&rebuilt(order)), Err(Damaged), "{order:?}");
    }
}

#[test]
fn a_segment_of_another_object_or_of_an_older_write_is_found() {
    let budget = Budget::new(4 << 20);
    let plain = pattern(3 * SEGMENT_BYTES);
    let stored = whole(&plain, usize::MAX, Algorithm::Aes256Gcm, &budget);
    let data_key = Secret::new(DATA_KEY);
    // The same key of data and the same place, but another object's number: what a rolled back write would look like.
    let other =
        sealed(&plain, usize::MAX, whole_header(Algorithm::Aes256Gcm, &data_key, [7; 16]), footer(), &budget);
    let place = HEADER_BYTES + SEALED_SEGMENT_BYTES..HEADER_BYTES + 2 * SEALED_SEGMENT_BYTES;
    let spliced = [&stored[..place.start], &other[place.clone()], &stored[place.end..]].concat();
    assert_eq!(read_back(&spliced.into()), Err(Damaged));
    let footer_of_other =
        [&stored[..stored.len() - FOOTER_BYTES], &other[other.len() - FOOTER_BYTES..]].concat();
    assert_eq!(read_back(&footer_of_other.into()), Err(Damaged));
}

#[test]
fn an_envelope_opens_under_its_own_name_only() {
    let data_key = Secret::new(DATA_KEY);
    let envelope = envelope(Algorithm::Aes256Gcm, Shape::Whole, &data_key, OBJECT);
    let unwrap = |bucket: &str, key: &str| {
        let (bucket, key) = (BucketName::new(bucket).unwrap(), ObjectKey::new(key).unwrap());
        envelope.unwrap(BoundName { bucket: &bucket, key: &key }, &Secret::new([8; 32])).map(drop)
    };
    assert_eq!(unwrap("bucket", "key"), Ok(()));
    for (bucket, key) in [("bucket", "other"), ("bucket2", "key"), ("bucket", "key2")] {
        assert_eq!(unwrap(bucket, key), Err(Damaged));
    }
    assert_eq!(Envelope::from_text(&envelope.to_text()), Ok(envelope));
    assert_eq!(Envelope::from_text("nonsense"), Err(Damaged));
}

fn manifest() -> Manifest {
    let checksum = Checksum::full(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4]);
    let stream = |part, plain_bytes, padding_bytes| StreamRow {
        stream: [part as u8; 16],
        part,
        plain_bytes,
        padding_bytes,
    };
    let part = |number, plain_bytes| PartRow { number, plain_bytes, checksum };
    Manifest {
        etag: ETag::from_text("0123456789abcdef0123456789abcdef-2"),
        checksum: Checksum::composite(ChecksumAlgorithm::Crc32, &[4; 4], 2),
        streams: vec![stream(1, 70_000, 0), stream(5, 10, 900)],
        parts: vec![part(1, 70_000), part(5, 10)],
    }
}

#[test]
fn a_manifest_comes_back_and_a_change_at_any_place_is_found() {
    let data_key = Secret::new(DATA_KEY);
    let envelope = envelope(Algorithm::Aes256Gcm, Shape::Parts, &data_key, OBJECT);
    let open = |bytes: &[u8]| {
        let Beginning::Ours(header) = Header::decode(bytes)? else { return Err(Damaged) };
        Manifest::open(bytes, &Header { envelope, ..header }, &data_key)
    };
    let sealed = manifest().seal(&envelope, [3; 16], &data_key);
    assert_eq!(sealed.len() as u64, manifest().stored_bytes());
    assert_eq!(open(&sealed), Ok(manifest()));
    for place in 0..sealed.len() {
        let mut changed = sealed.to_vec();
        changed[place] ^= 1;
        assert_eq!(open(&changed), Err(Damaged), "byte {place}");
    }
    (0..sealed.len()).for_each(|cut| assert_eq!(open(&sealed[..cut]), Err(Damaged), "cut at {cut}"));
    // Ten thousand parts take several segments.
    let row = |number: u32| StreamRow { stream: [1; 16], part: number, plain_bytes: 7, padding_bytes: 0 };
    let part = |number: u32| PartRow { number, plain_bytes: 7, checksum: None };
    let large = Manifest {
        streams: (1..=10_000).map(row).collect(),
        parts: (1..=10_000).map(part).collect(),
        ..manifest()
    };
    assert_eq!(open(&large.seal(&envelope, [3; 16], &data_key)), Ok(large));
}

#[test]
fn ranges_across_streams_skip_what_stands_between() {
    let (budget, data_key) = (Budget::new(8 << 20), Secret::new(DATA_KEY));
    let envelope = envelope(Algorithm::Aes256Gcm, Shape::Parts, &data_key, OBJECT);
    let sizes = [70_000_usize, 65_536, 1, 131_072, 5];
    let mut stored = Vec::new();
    let mut plain = Vec::new();
    let header =
        |number: u32| Header { envelope, stream: [number as u8; 16], part: number, role: Role::Data };
    let mut places = Vec::new();
    for (number, size) in (1..).zip(sizes) {
        places.push(stored.len() as u64);
        let piece = pattern(size);
        plain.extend_from_slice(&piece);
        stored.extend_from_slice(&sealed(&piece, 50_000, header(number), Ending::Padding(1000), &budget));
    }
    let total = plain.len();
    let edges = [0, 1, 69_999, 70_000, 70_001, 135_536, 135_537, 135_538, 200_000, total - 5, total];
    for start in edges {
        for end in edges.into_iter().filter(|end| *end > start) {
            let mut runs = Vec::new();
            let mut at = 0;
            for ((number, size), place) in (1..).zip(sizes).zip(&places) {
                let within = ByteRange { start: start.max(at) as u64, end: end.min(at + size) as u64 };
                if !within.is_empty() {
                    let range = ByteRange { start: within.start - at as u64, end: within.end - at as u64 };
                    let key = header(number).key(&data_key);
                    runs.push(Run { key, plain_bytes: size as u64, range, stored_at: *place });
                }
                at += size;
            }
            let piece = runs[0].stored().start as usize..runs[runs.len() - 1].stored().end as usize;
            let piece = Bytes::copy_from_slice(&stored[piece]);
            let body = open(framed(&piece, 33_333), runs, budget.clone());
            assert!(now(body.collect(usize::MAX)).unwrap() == plain[start..end], "{start}..{end}");
        }
    }
}

#[test]
fn a_failing_body_ends_without_a_footer() {
    let expected = ExpectedDigests { content_md5: Some([0; 16]), ..ExpectedDigests::default() };
    let (body, digests) = hash::Ingest::wrap(Body::from_bytes(pattern(10)), expected);
    let options = SealOptions {
        header: whole_header(Algorithm::Aes256Gcm, &Secret::new(DATA_KEY), OBJECT),
        data_key: Secret::new(DATA_KEY),
        ending: Ending::Footer(Identified::Hashed(digests)),
        admission: None,
        budget: Budget::new(1 << 20),
    };
    let (body, receipt) = seal(body, options);
    let error = now(body.collect(usize::MAX)).unwrap_err();
    assert_eq!(error.kind, BodyErrorKind::DigestMismatch(None));
    assert_eq!(
        (receipt.get().fault, receipt.get().ended),
        (Some(BodyErrorKind::DigestMismatch(None)), false)
    );
}

#[test]
fn an_end_that_is_not_admitted_is_not_handed_out() {
    let options = SealOptions {
        header: whole_header(Algorithm::Aes256Gcm, &Secret::new(DATA_KEY), OBJECT),
        data_key: Secret::new(DATA_KEY),
        ending: footer(),
        admission: Some(Box::pin(async { false })),
        budget: Budget::new(1 << 20),
    };
    let (body, receipt) = seal(Body::from_bytes(pattern(10)), options);
    assert!(now(body.collect(usize::MAX)).is_err());
    assert!(receipt.get().refused && !receipt.get().ended);
}

#[test]
fn padding_comes_piece_by_piece_and_takes_no_memory_of_its_own() {
    const LEAST: u64 = 5 << 20;
    let budget = Budget::new(64 << 20);
    let (data_key, plain) = (Secret::new(DATA_KEY), pattern(100));
    let options = SealOptions {
        header: Header { part: 1, ..whole_header(Algorithm::Aes256Gcm, &data_key, OBJECT) },
        data_key,
        ending: Ending::Padding(LEAST),
        admission: None,
        budget: budget.clone(),
    };
    let (mut body, receipt) = seal(framed(&plain, 100), options);
    let (mut total, mut most) = (0, 0);
    while let Some(frame) = now(body.next_frame()) {
        let Frame::Data(data) = frame.unwrap() else { continue };
        assert!(!receipt.get().ended || total + data.len() as u64 == LEAST, "the end is the last frame");
        total += data.len() as u64;
        most = most.max(budget.used_bytes());
    }
    assert_eq!((total, receipt.get().plain_bytes), (LEAST, 100));
    assert!(receipt.get().ended);
    assert!(most <= 2 << 20, "{most} bytes were held at once");
}

#[test]
fn ten_thousand_parts_with_the_longest_checksums_are_below_the_bound() {
    let checksum = Checksum::composite(ChecksumAlgorithm::Sha512, &[9; 64], 10_000);
    assert!(checksum.is_some());
    let part = |number| PartRow { number, plain_bytes: 1, checksum };
    let stream = |part| StreamRow { stream: [1; 16], part, plain_bytes: 1, padding_bytes: 7 };
    let largest = Manifest {
        etag: ETag::from_text(&"e".repeat(1024)),
        checksum,
        streams: (1..=10_000).map(stream).collect(),
        parts: (1..=10_000).map(part).collect(),
    };
    let data_key = Secret::new(DATA_KEY);
    let envelope = envelope(Algorithm::Aes256Gcm, Shape::Parts, &data_key, OBJECT);
    let bytes = largest.seal(&envelope, [3; 16], &data_key);
    let header = Header { envelope, stream: [3; 16], part: 0, role: Role::Manifest };
    assert_eq!(Manifest::open(&bytes, &header, &data_key), Ok(largest));
}

#[test]
fn an_end_that_claims_a_long_manifest_costs_its_first_segment() {
    let tail = |payload_bytes: u64| {
        let mut writer = Writer::default();
        writer.u64(payload_bytes).u64(7).raw(&MANIFEST_MAGIC);
        ManifestTail::decode(&writer.finish())
    };
    assert_eq!(tail(u64::MAX), Err(Damaged));
    assert_eq!(tail(2 * 1024 * 1024 + 1), Err(Damaged));
    let data_key = Secret::new(DATA_KEY);
    let envelope = envelope(Algorithm::Aes256Gcm, Shape::Parts, &data_key, OBJECT);
    let header = Header { envelope, stream: [3; 16], part: 0, role: Role::Manifest };
    let mut opening = OpeningManifest::new(tail(2 * 1024 * 1024).unwrap(), &header, &data_key).unwrap();
    assert_eq!(opening.push(&[0; SEALED_SEGMENT_BYTES - 1]), Ok(()));
    assert_eq!(opening.push(&[0]), Err(Damaged));
}
