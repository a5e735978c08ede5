use crate::disk::BlockKind::{Content, Data, State};
use crate::disk::testing::{MemDisk, budget, bytes, key, open, options, source_of};
use crate::disk::{BlockKey, BlockStore, Names, PurgeScope, Source, VerifyCursor};

const CEILING: u64 = 64 << 20;

fn named(store: &str, bucket: &str, name: &str) -> BlockKey {
    let names = Names { store, bucket, key: name, tag: "t" };
    BlockKey::new(&Source::new(Data, names, 1 << 20).unwrap(), 0)
}

fn scope(store: &str, bucket: &str, key_prefix: &str) -> PurgeScope {
    let name = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
    PurgeScope { store: name(store), bucket: name(bucket), key_prefix: key_prefix.to_owned() }
}

async fn purge(store: &BlockStore, scope: PurgeScope) -> u64 {
    let mut purge = store.purge(scope);
    let mut last = None;
    while let Some(progress) = purge.next().await {
        assert!(last.is_none_or(|last: u64| last < progress.done) && progress.done <= progress.total);
        last = Some(progress.done);
        if progress.done == progress.total {
            assert!(purge.next().await.is_none());
            return progress.removed;
        }
    }
    0
}

#[tokio::test]
async fn a_purge_takes_what_is_in_its_scope_and_leaves_the_rest() {
    let store = open(&MemDisk::new(), options(CEILING)).unwrap();
    let fill = async || {
        for (place, bucket, name) in [
            ("far", "b1", "logs/a"),
            ("far", "b1", "logs/b"),
            ("far", "b1", "data"),
            ("far", "b2", "logs/a"),
            ("near", "b1", "logs/a"),
        ] {
            assert!(store.fill(&named(place, bucket, name), bytes(1, 500)).await);
        }
    };
    for (scope, removed) in [
        (scope("far", "b1", "logs/"), 2),
        (scope("far", "b1", ""), 3),
        (scope("far", "", "logs/"), 3),
        (scope("", "b1", ""), 4),
        (scope("", "", "logs/a"), 3),
        (scope("", "", ""), 5),
        (scope("nowhere", "", ""), 0),
    ] {
        fill().await;
        assert_eq!(purge(&store, scope.clone()).await, removed, "{scope:?}");
        assert_eq!(store.stats().entries, 5 - removed);
    }
    fill().await;
    assert_eq!(purge(&store, scope("far", "b1", "logs/")).await, 2);
    assert!(store.contains(&named("far", "b1", "data")) && store.contains(&named("near", "b1", "logs/a")));
    store.settle().await;
    assert_eq!(store.stats().counters.bad_blocks.get(), 0);
}

#[tokio::test]
async fn a_purge_reaches_records_and_content_by_the_names_they_came_under() {
    let store = open(&MemDisk::new(), options(CEILING)).unwrap();
    for kind in [Data, Content, State] {
        assert!(store.fill(&BlockKey::new(&source_of(kind, "b", "p/k"), 0), bytes(1, 100)).await);
    }
    assert_eq!(purge(&store, scope("far", "b", "p/")).await, 3);
}

#[tokio::test]
async fn a_verification_finds_every_bad_block_and_can_go_on_later() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    for name in 0..3000_u64 {
        assert!(store.fill(&key(name), bytes(name, 2000)).await);
    }
    drop(store);
    for name in disk.names().iter().filter(|name| name.starts_with("segment")) {
        let mut found = disk.bytes(name);
        for page in (0..found.len() / 4096).step_by(100) {
            found[page * 4096 + 7] ^= 1;
        }
        disk.replace(name, &found);
    }
    let store = open(&disk, options(CEILING)).unwrap();
    let mut verify = store.verify(None, &budget());
    let first = verify.next().await.unwrap();
    assert_eq!((first.total, first.done), (3000, 1024));
    drop(verify);
    let later = VerifyCursor::from_u64(first.cursor.to_u64());
    let mut verify = store.verify(Some(later), &budget());
    let mut last = first;
    while let Some(progress) = verify.next().await {
        last = progress;
    }
    assert_eq!((last.done, last.total), (3000 - 1024, 3000 - 1024));
    let bad = first.bad + last.bad;
    assert!((30..=40).contains(&bad), "{bad}");
    assert_eq!(store.stats().counters.bad_blocks.get(), bad);
    assert_eq!(store.stats().entries, 3000 - bad);
    for name in 0..3000_u64 {
        assert!(store.bytes_of(&key(name)).await.is_none_or(|found| found.unwrap() == bytes(name, 2000)));
    }
}

#[tokio::test]
async fn the_index_on_disk_stays_in_proportion_to_the_blocks() {
    let disk = MemDisk::new();
    let store = open(&disk, options(4 << 20)).unwrap();
    for name in 0..6000_u64 {
        assert!(store.fill(&key(name), bytes(name, 10_000)).await);
    }
    store.settle().await;
    assert!(store.stats().counters.compactions.get() > 2);
    let entries = store.stats().entries as usize;
    assert!(disk.bytes("index").len() <= (2 * entries + 2048 + 600) * 32, "{entries} blocks");
    let again = open(&disk.copy(), options(4 << 20)).unwrap();
    assert_eq!(again.stats().entries, store.stats().entries);
}

/// The header and 127 records are a page.
#[tokio::test]
async fn an_index_that_ends_with_its_page_is_used_as_it_is() {
    let temporary = tempfile::tempdir().unwrap();
    let store = BlockStore::open(temporary.path(), options(CEILING)).unwrap();
    for name in 0..127 {
        assert!(store.fill(&key(name), bytes(name, 10)).await);
    }
    store.settle().await;
    drop(store);
    assert_eq!(std::fs::metadata(temporary.path().join("index")).unwrap().len(), 4096);
    let store = BlockStore::open(temporary.path(), options(CEILING)).unwrap();
    assert_eq!((store.stats().entries, store.stats().counters.compactions.get()), (127, 0));
}

#[tokio::test]
async fn many_records_are_forgotten_for_good_with_one_sync() {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    let record = |name: u64| BlockKey::new(&source_of(State, "b", &name.to_string()), 0);
    let records: Vec<BlockKey> = (0..100).map(record).collect();
    for key in &records {
        assert!(store.fill(key, bytes(1, 300)).await);
    }
    // One is taken out already, which may not last, and some were never there.
    assert!(store.remove(&records[50]));
    let before = disk.syncs();
    let asked: Vec<BlockKey> = records.iter().cloned().chain((1000..3000).map(record)).collect();
    store.forget(&asked).await.unwrap();
    assert_eq!(disk.syncs() - before, 1);
    store.forget(&asked).await.unwrap();
    assert_eq!(disk.syncs() - before, 1, "nothing is left to forget");
    let again = open(&disk.copy(), options(CEILING)).unwrap();
    assert!(records.iter().all(|key| !store.contains(key) && !again.contains(key)));
}
