use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use blob::{BlobErrorKind, BlobId, ScanScope, WriteOptions};
use types::{BodyErrorKind, ByteRange};

use super::{BLOCK, COLLECT_MAX_BYTES, KIB, MIB, assert_holds, error_of, ids, put};
use crate::blob::BlobWorld;
use crate::blob::bodies::{Script, Step, pattern};

/// A body that fails, at its start, in the middle or after its last byte, is not stored, and its own error comes back.
pub async fn a_failing_body_leaves_nothing(world: &impl BlobWorld) {
    let store = world.open().await;
    for size in [0, 10, BLOCK, MIB, 3 * MIB + 1] {
        for kind in [BodyErrorKind::Incomplete, BodyErrorKind::Malformed("a test")] {
            let script = Script::frames(&pattern(1, size), 100 * KIB).then(Step::Fail(kind.clone()));
            let options = WriteOptions::of_size(size as u64);
            let error = error_of(store.write(script.into_body(), options).await);
            match error.kind {
                BlobErrorKind::Body(error) => assert_eq!(error.kind, kind),
                other => panic!("the error of the body must come back, not {other:?}"),
            }
            assert_eq!(ids(&store, ScanScope::All).await, [], "after a failure at byte {size}");
        }
    }
    let bytes = pattern(2, MIB);
    let id = put(&store, &bytes).await;
    assert_holds(&store, id, &bytes).await;
}

/// A write dropped at any frame leaves nothing that a scan shows, and nothing after the next process has swept.
pub async fn a_dropped_write_leaves_nothing(world: &impl BlobWorld) {
    let store = world.open().await;
    for size in [0, 10, BLOCK, MIB, 3 * MIB] {
        let body = Script::frames(&pattern(1, size), 256 * KIB).then(Step::Stall).into_body();
        let mut write = pin!(store.write(body, WriteOptions::of_size(4 * MIB as u64)));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..50 {
            assert!(write.as_mut().poll(&mut cx).is_pending(), "a stalled body never completes");
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(ids(&store, ScanScope::All).await, []);
    drop(store);
    let store = world.open().await;
    for id in ids(&store, ScanScope::Unswept).await {
        store.remove(id).await.expect("an orphan can be removed");
    }
    assert_eq!(ids(&store, ScanScope::All).await, []);
}

/// What is open stays readable when the blob is removed, bodies on their way included.
pub async fn an_open_reader_outlives_removal(world: &impl BlobWorld) {
    let store = world.open().await;
    let bytes = pattern(3, 2 * MIB + 1);
    let id = put(&store, &bytes).await;
    let reader = store.open(id).await.expect("it opens");
    let mut begun = reader.read(ByteRange::whole(reader.size_bytes()));
    let first = match begun.next_frame().await {
        Some(Ok(types::Frame::Data(data))) => data,
        other => panic!("the first frame must be data, not {other:?}"),
    };
    store.remove(id).await.expect("it can be removed");
    assert!(matches!(error_of(store.open(id).await).kind, BlobErrorKind::NotFound));
    let rest = begun.collect(COLLECT_MAX_BYTES).await.expect("the begun body goes on");
    assert!(bytes[..first.len()] == first && bytes[first.len()..] == rest);
    let again = reader.read(ByteRange { start: 5, end: 2 * MIB as u64 });
    let again = again.collect(COLLECT_MAX_BYTES).await.expect("the reader still reads");
    assert!(bytes[5..2 * MIB] == again);
}

/// An id that was never issued, or whose blob is gone, is `NotFound` to open and no error to remove.
pub async fn absent_blobs_are_not_found_and_removed_without_error(world: &impl BlobWorld) {
    let store = world.open().await;
    let gone = put(&store, &pattern(1, 100)).await;
    store.remove(gone).await.expect("it can be removed");
    for id in [gone, BlobId::from_u128(0), BlobId::from_u128(1 << 70), BlobId::from_u128(u128::MAX)] {
        let error = error_of(store.open(id).await);
        assert!(matches!(error.kind, BlobErrorKind::NotFound), "blob {id}: {error}");
        assert_eq!(error.id, Some(id));
        store.remove(id).await.expect("an absent blob is no error");
    }
}
