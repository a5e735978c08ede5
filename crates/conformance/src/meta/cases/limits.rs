//! The limits of one commit, at them and one past them.

use meta::{COMMIT_MAX_BYTES, COMMIT_MAX_WRITES, Commit, ENCODED_KEY_MAX_BYTES, MetaErrorKind};

use crate::meta::MetaWorld;
use crate::meta::steps::{all_items, kind, page, range, value};

/// [`COMMIT_MAX_WRITES`].
pub async fn writes_fit_at_the_limit_and_not_past_it(world: &dyn MetaWorld) {
    let store = world.open();
    let commit = |count: usize| {
        let mut commit = Commit::default();
        for number in 0..count {
            commit.put((number as u32).to_be_bytes().to_vec(), "v");
        }
        commit
    };
    assert_eq!(kind(store.commit(commit(COMMIT_MAX_WRITES + 1)).await), MetaErrorKind::TooLarge);
    assert!(page(&*store, range(b"", b"\xFF", 1)).await.items.is_empty());
    store.commit(commit(COMMIT_MAX_WRITES)).await.expect("the limit itself fits");
    assert_eq!(all_items(&*store, range(b"", b"\xFF", 1000)).await.len(), COMMIT_MAX_WRITES);
}

/// [`COMMIT_MAX_BYTES`], keys of deletes included.
pub async fn bytes_fit_at_the_limit_and_not_past_it(world: &dyn MetaWorld) {
    let store = world.open();
    let commit = |size: usize| {
        let mut commit = Commit::default();
        commit.put("k", vec![9; size - 3]).delete("dd");
        commit
    };
    assert_eq!(kind(store.commit(commit(COMMIT_MAX_BYTES + 1)).await), MetaErrorKind::TooLarge);
    assert_eq!(value(&*store, b"k").await, None);
    store.commit(commit(COMMIT_MAX_BYTES)).await.expect("the limit itself fits");
    assert_eq!(value(&*store, b"k").await.map(|value| value.len()), Some(COMMIT_MAX_BYTES - 3));
}

/// [`ENCODED_KEY_MAX_BYTES`], in puts and deletes.
pub async fn keys_fit_at_the_limit_and_not_past_it(world: &dyn MetaWorld) {
    let store = world.open();
    let key = |size: usize| vec![0; size];
    let mut put = Commit::default();
    put.put(key(ENCODED_KEY_MAX_BYTES + 1), "v");
    assert_eq!(kind(store.commit(put).await), MetaErrorKind::TooLarge);
    let mut delete = Commit::default();
    delete.delete(key(ENCODED_KEY_MAX_BYTES + 1));
    assert_eq!(kind(store.commit(delete).await), MetaErrorKind::TooLarge);
    let mut put = Commit::default();
    put.put(key(ENCODED_KEY_MAX_BYTES), "v");
    store.commit(put).await.expect("the limit itself fits");
    assert!(value(&*store, &key(ENCODED_KEY_MAX_BYTES)).await.is_some());
    assert!(value(&*store, &key(ENCODED_KEY_MAX_BYTES + 1)).await.is_none());
}
