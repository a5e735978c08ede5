use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

/// Every call of this engine is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the engine in memory never waits"),
    }
}

fn put(meta: &MemoryMeta, key: &'static [u8], value: &'static [u8]) -> Result<Revision, MetaErrorKind> {
    let mut commit = Commit::default();
    commit.put(key, value);
    now(meta.commit(commit)).map_err(|error| error.kind)
}

fn delete(meta: &MemoryMeta, key: &'static [u8]) {
    let mut commit = Commit::default();
    commit.delete(key);
    now(meta.commit(commit)).unwrap();
}

const OVERHEAD: u64 = 128;

#[test]
fn a_ceiling_is_reached_at_its_last_byte_and_deleting_frees_it() {
    let ceiling = Ceiling::new(2 * (OVERHEAD + 4));
    let meta = MemoryMeta::new(ceiling.clone());
    put(&meta, b"a", b"123").unwrap();
    assert_eq!(put(&meta, b"b", b"1234"), Err(MetaErrorKind::Full));
    put(&meta, b"b", b"123").unwrap();
    put(&meta, b"b", b"321").unwrap();
    assert_eq!(put(&meta, b"b", b"4321"), Err(MetaErrorKind::Full));
    assert_eq!(now(meta.get(b"b")).unwrap().unwrap().value, b"321"[..]);
    delete(&meta, b"a");
    assert_eq!(ceiling.used_bytes(), OVERHEAD + 4);
    put(&meta, b"b", b"4321").unwrap();
    drop(meta);
    assert_eq!(ceiling.used_bytes(), 0);
}

#[test]
fn history_counts_while_a_snapshot_sees_it_and_is_freed_with_the_last_one() {
    let ceiling = Ceiling::unlimited();
    let meta = MemoryMeta::new(ceiling.clone());
    put(&meta, b"a", b"1").unwrap();
    let first = now(meta.snapshot()).unwrap();
    put(&meta, b"a", b"2").unwrap();
    let second = now(meta.snapshot()).unwrap();
    delete(&meta, b"a");
    put(&meta, b"a", b"3").unwrap();
    assert_eq!(ceiling.used_bytes(), 3 * (OVERHEAD + 2));
    assert_eq!(now(first.get(b"a")).unwrap().unwrap().value, b"1"[..]);
    drop(first);
    assert_eq!(ceiling.used_bytes(), 2 * (OVERHEAD + 2));
    assert_eq!(now(second.get(b"a")).unwrap().unwrap().value, b"2"[..]);
    drop(second);
    assert_eq!(ceiling.used_bytes(), OVERHEAD + 2);
    let third = now(meta.snapshot()).unwrap();
    delete(&meta, b"a");
    drop(third);
    assert_eq!((ceiling.used_bytes(), meta.records().count()), (0, 0));
    assert_eq!(meta.0.state.read().held_bytes(), 0);
}

#[test]
fn records_survive_an_export_and_restore_with_their_revisions() {
    let meta = MemoryMeta::default();
    for number in 0..2 * EXPORT_PAGE_RECORDS + 1 {
        let mut commit = Commit::default();
        commit.put(number.to_be_bytes().to_vec(), number.to_string());
        now(meta.commit(commit)).unwrap();
    }
    let last = put(&meta, b"gone", b"").unwrap();
    delete(&meta, b"gone");
    let records = meta.records();
    put(&meta, b"late", b"").unwrap();
    let revision = records.revision();
    assert_eq!(revision, last + 1);
    let records: Vec<_> = records.collect();
    assert_eq!(records.len(), 2 * EXPORT_PAGE_RECORDS + 1);
    assert!(records.is_sorted_by_key(|record| record.key.clone()));

    let restored =
        MemoryMeta::restore(Ceiling::unlimited(), revision, records.iter().cloned().map(Ok)).unwrap();
    assert_eq!(restored.records().collect::<Vec<_>>(), records);
    assert_eq!(put(&restored, b"next", b"").unwrap(), revision + 1);
}

#[test]
fn a_restore_past_the_ceiling_is_full_and_leaves_nothing_taken() {
    let ceiling = Ceiling::new(OVERHEAD + 4);
    let record = |key: &'static [u8]| {
        Ok(Record { key: Bytes::from_static(key), value: Bytes::from_static(b"123"), revision: 1 })
    };
    let refused = MemoryMeta::restore(ceiling.clone(), 1, [record(b"a"), record(b"b")]);
    assert_eq!(refused.err().map(|error| error.kind), Some(MetaErrorKind::Full));
    assert_eq!(ceiling.used_bytes(), 0);
    assert!(MemoryMeta::restore(ceiling, 1, [record(b"a")]).is_ok());
}

#[test]
fn a_stored_value_does_not_keep_the_frame_it_was_cut_from() {
    let meta = MemoryMeta::default();
    let frame = Bytes::from(vec![7; 1 << 20]);
    let mut commit = Commit::default();
    commit.put(frame.slice(..4), frame.slice(..8));
    now(meta.commit(commit)).unwrap();
    assert!(frame.is_unique());
}
