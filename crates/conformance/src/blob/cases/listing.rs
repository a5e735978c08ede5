use std::collections::BTreeSet;

use blob::{BlobId, ScanScope};

use super::{Store, assert_holds, ids, put};
use crate::blob::BlobWorld;
use crate::blob::bodies::pattern;

async fn put_many(store: &Store, count: usize) -> Vec<BlobId> {
    let mut written = Vec::new();
    for number in 0..count {
        written.push(put(store, &pattern(number as u64, 10 + number)).await);
    }
    written.sort_unstable();
    written
}

async fn paged(store: &Store, scope: ScanScope, limit: usize) -> Vec<BlobId> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.scan(scope, after, limit).await.expect("a scan succeeds");
        assert!(page.len() <= limit, "a page of {} where {limit} were asked for", page.len());
        found.extend(page.iter().map(|info| info.id));
        if page.len() < limit {
            return found;
        }
        after = found.last().copied();
    }
}

/// No id comes twice, whatever was removed and however often the store was reopened.
pub async fn ids_are_unique_across_reopening(world: &impl BlobWorld) {
    let mut seen = BTreeSet::new();
    for round in 0..5 {
        let store = world.open().await;
        for id in put_many(&store, 4).await {
            assert!(seen.insert(id), "blob {id} was issued twice");
        }
        if round % 2 == 1 {
            for id in ids(&store, ScanScope::All).await {
                store.remove(id).await.expect("it can be removed");
            }
            store.settle().await.expect("settling succeeds");
        }
    }
}

/// A scan visits every blob once, in order, whatever the page size, and knows true sizes or none.
pub async fn scans_page_in_order_of_id(world: &impl BlobWorld) {
    const COUNT: usize = 25;
    let store = world.open().await;
    assert_eq!(ids(&store, ScanScope::All).await, []);
    let written = put_many(&store, COUNT).await;
    for limit in [1, 7, COUNT - 1, COUNT, COUNT + 1, 1000] {
        assert_eq!(paged(&store, ScanScope::All, limit).await, written, "pages of {limit}");
    }
    for info in store.scan(ScanScope::All, None, COUNT).await.expect("a scan succeeds") {
        let reader = store.open(info.id).await.expect("it opens");
        assert!(info.size_bytes.is_none_or(|size| size == reader.size_bytes()));
    }
    let between = BlobId::from_u128(written[3].as_u128() + 1);
    let found = store.scan(ScanScope::All, Some(between), 1).await.expect("a scan succeeds");
    let next = written.iter().find(|id| **id > between);
    assert_eq!(found.first().map(|info| info.id).as_ref(), next);
    assert_eq!(store.scan(ScanScope::All, written.last().copied(), 9).await.expect("a scan succeeds"), []);
}

/// Removed blobs are gone from scans at once, and after reopening.
pub async fn a_scan_misses_what_is_removed(world: &impl BlobWorld) {
    let store = world.open().await;
    let written = put_many(&store, 10).await;
    for id in written.iter().step_by(2) {
        store.remove(*id).await.expect("it can be removed");
    }
    let kept: Vec<_> = written.iter().copied().skip(1).step_by(2).collect();
    assert_eq!(ids(&store, ScanScope::All).await, kept);
    drop(store);
    let store = world.open().await;
    assert_eq!(ids(&store, ScanScope::All).await, kept);
    for id in kept {
        store.remove(id).await.expect("it can be removed");
    }
    assert_eq!(ids(&store, ScanScope::All).await, []);
}

/// The sweep after a start sees what earlier processes wrote and nothing of this one.
pub async fn unswept_is_what_an_earlier_process_wrote(world: &impl BlobWorld) {
    let store = world.open().await;
    let first = put_many(&store, 6).await;
    assert_eq!(ids(&store, ScanScope::Unswept).await, []);
    drop(store);
    let store = world.open().await;
    let second = put_many(&store, 5).await;
    assert_eq!(paged(&store, ScanScope::Unswept, 4).await, first);
    store.remove(first[0]).await.expect("it can be removed");
    assert_eq!(ids(&store, ScanScope::Unswept).await, first[1..]);
    drop(store);
    let store = world.open().await;
    let mut both = [&first[1..], &second[..]].concat();
    both.sort_unstable();
    assert_eq!(ids(&store, ScanScope::Unswept).await, both, "an unsettled sweep begins again");
}

/// A settled sweep does not come back; what was written meanwhile is swept by the next process.
pub async fn settling_ends_the_sweep(world: &impl BlobWorld) {
    let store = world.open().await;
    let first = put_many(&store, 3).await;
    drop(store);
    let store = world.open().await;
    let second = put_many(&store, 3).await;
    store.settle().await.expect("settling succeeds");
    assert_eq!(ids(&store, ScanScope::Unswept).await, []);
    drop(store);
    let store = world.open().await;
    assert_eq!(ids(&store, ScanScope::Unswept).await, second);
    store.settle().await.expect("settling succeeds");
    drop(store);
    let store = world.open().await;
    assert_eq!(ids(&store, ScanScope::Unswept).await, []);
    let mut both = [&first[..], &second[..]].concat();
    both.sort_unstable();
    assert_eq!(ids(&store, ScanScope::All).await, both);
    assert_holds(&store, first[0], &pattern(0, 10)).await;
}
