use types::{BodyErrorKind, ByteRange};

use super::{BLOCK, COLLECT_MAX_BYTES, MIB, failure_of, put};
use crate::blob::BlobWorld;
use crate::blob::bodies::pattern;

/// Every range between two interesting offsets gives exactly its bytes.
pub async fn reads_every_range(world: &impl BlobWorld) {
    let store = world.open().await;
    for (seed, size) in [1, BLOCK, 2 * BLOCK + 5, MIB + 7, 2 * MIB].into_iter().enumerate() {
        let bytes = pattern(seed as u64, size);
        let reader = store.open(put(&store, &bytes).await).await.expect("it opens");
        let near = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, MIB - 1, MIB, MIB + 1, size - 1, size];
        let mut offsets: Vec<usize> = near.into_iter().filter(|offset| *offset <= size).collect();
        offsets.sort_unstable();
        offsets.dedup();
        for start in offsets.iter().copied() {
            for end in offsets.iter().copied().filter(|end| *end >= start) {
                let range = ByteRange { start: start as u64, end: end as u64 };
                let body = reader.read(range);
                assert_eq!(body.length_bytes(), Some(range.len()));
                let found = body.collect(COLLECT_MAX_BYTES).await.expect("the range is readable");
                assert!(found == bytes[start..end], "bytes {start}..{end} of {size}");
            }
        }
    }
}

/// Bodies of one reader do not disturb each other, and outlive the reader.
pub async fn reads_two_ranges_of_one_reader_at_once(world: &impl BlobWorld) {
    let store = world.open().await;
    let bytes = pattern(5, 3 * MIB);
    let reader = store.open(put(&store, &bytes).await).await.expect("it opens");
    assert_eq!(reader.size_bytes(), bytes.len() as u64);
    let mut bodies = Vec::new();
    for start in [0, 100, BLOCK + 1, 2 * MIB] {
        bodies.push((start, reader.read(ByteRange { start: start as u64, end: bytes.len() as u64 })));
    }
    drop(reader);
    let mut found = vec![Vec::new(); bodies.len()];
    let mut reading: Vec<usize> = (0..bodies.len()).collect();
    while let Some(which) = reading.pop() {
        let Some(frame) = bodies[which].1.next_frame().await else { continue };
        if let types::Frame::Data(data) = frame.expect("the blob is readable") {
            found[which].extend_from_slice(&data);
        }
        reading.insert(0, which);
    }
    for ((start, _), found) in bodies.iter().zip(&found) {
        assert!(found == &bytes[*start..], "the body from {start}");
    }
}

/// A range that ends past the blob ends with an error, never short.
pub async fn refuses_a_range_past_the_end(world: &impl BlobWorld) {
    let store = world.open().await;
    for size in [0, 1, BLOCK, BLOCK + 1] {
        let id = put(&store, &pattern(6, size)).await;
        let reader = store.open(id).await.expect("it opens");
        let size = size as u64;
        for (start, end) in [(0, size + 1), (size, size + 1), (size + 1, size + 2), (0, u64::MAX)] {
            let body = reader.read(ByteRange { start, end });
            assert_eq!(failure_of(body).await, BodyErrorKind::Storage, "{start}..{end} of {size}");
        }
    }
}
