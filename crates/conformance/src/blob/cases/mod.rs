//! The cases of the blob suite. Each takes a fresh world and panics where the promise is broken.

mod failures;
mod listing;
mod reads;
mod writes;

use std::sync::Arc;

use blob::{BlobError, BlobId, BlobStore, ScanScope, WriteOptions};
use bytes::Bytes;
use types::{Body, BodyErrorKind, ByteRange};

pub use failures::{
    a_dropped_write_leaves_nothing, a_failing_body_leaves_nothing,
    absent_blobs_are_not_found_and_removed_without_error, an_open_reader_outlives_removal,
};
pub use listing::{
    a_scan_misses_what_is_removed, ids_are_unique_across_reopening, scans_page_in_order_of_id,
    settling_ends_the_sweep, unswept_is_what_an_earlier_process_wrote,
};
pub use reads::{reads_every_range, reads_two_ranges_of_one_reader_at_once, refuses_a_range_past_the_end};
pub use writes::{
    concurrent_writers_do_not_mix, passes_over_trailers, round_trips_every_framing, round_trips_every_size,
    takes_wrong_hints, waits_for_a_stalled_body,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// Blocks of the file store are so large; other stores must not care.
const BLOCK: usize = 64 * KIB;
/// More than any body of the suite.
const COLLECT_MAX_BYTES: usize = 16 * MIB;

type Store = Arc<dyn BlobStore>;

/// Writes `bytes` with the right hint and checks what comes back.
async fn put(store: &Store, bytes: &Bytes) -> BlobId {
    let options = WriteOptions::of_size(bytes.len() as u64);
    put_body(store, Body::from_bytes(bytes.clone()), options, bytes.len()).await
}

async fn put_body(store: &Store, body: Body, options: WriteOptions<'_>, size: usize) -> BlobId {
    let written = store.write(body, options).await.expect("a sound body is stored");
    assert_eq!(written.size_bytes, size as u64, "the size that a write reports");
    written.id
}

async fn get(store: &Store, id: BlobId) -> Bytes {
    let reader = store.open(id).await.expect("a stored blob opens");
    let body = reader.read(ByteRange::whole(reader.size_bytes()));
    assert_eq!(body.length_bytes(), Some(reader.size_bytes()), "the length that a body declares");
    body.collect(COLLECT_MAX_BYTES).await.expect("a stored blob is readable")
}

async fn assert_holds(store: &Store, id: BlobId, expected: &Bytes) {
    let found = get(store, id).await;
    assert_eq!(found.len(), expected.len(), "the size of blob {id}");
    assert!(found == expected, "the bytes of blob {id}");
}

async fn ids(store: &Store, scope: ScanScope) -> Vec<BlobId> {
    let found = store.scan(scope, None, usize::MAX).await.expect("a scan succeeds");
    found.into_iter().map(|info| info.id).collect()
}

fn error_of<T>(result: Result<T, BlobError>) -> BlobError {
    match result {
        Ok(_) => panic!("the call must fail"),
        Err(error) => error,
    }
}

async fn failure_of(body: Body) -> BodyErrorKind {
    body.collect(COLLECT_MAX_BYTES).await.expect_err("the body must fail").kind
}
