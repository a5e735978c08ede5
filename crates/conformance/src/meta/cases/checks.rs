//! Checks, conflicts and revisions.

use bytes::Bytes;
use meta::{Check, Commit, MetaErrorKind, MetaStore, Revision};

use crate::meta::MetaWorld;
use crate::meta::steps::{delete, fill, kind, put, value};

async fn check(store: &dyn MetaStore, check: Check) -> Result<Revision, MetaErrorKind> {
    store.commit(Commit { checks: vec![check], writes: Vec::new() }).await.map_err(|error| error.kind)
}

fn empty(start: &'static [u8], end: &'static [u8]) -> Check {
    Check::RangeEmpty { start: Bytes::from_static(start), end: Bytes::from_static(end) }
}

/// `Absent` holds before a put and after a delete.
pub async fn absent_holds_only_where_nothing_stands(world: &dyn MetaWorld) {
    let store = world.open();
    let absent = || Check::Absent(Bytes::from_static(b"k"));
    assert!(check(&*store, absent()).await.is_ok());
    put(&*store, b"k", b"").await;
    assert_eq!(check(&*store, absent()).await, Err(MetaErrorKind::Conflict(0)));
    delete(&*store, b"k").await;
    assert!(check(&*store, absent()).await.is_ok());
}

/// `Equals` holds for the revision that wrote the record, and for no other, absence included.
pub async fn equals_holds_only_for_the_writing_commit(world: &dyn MetaWorld) {
    let store = world.open();
    let equals = |revision| Check::Equals(Bytes::from_static(b"k"), revision);
    let first = put(&*store, b"k", b"same").await;
    assert!(check(&*store, equals(first)).await.is_ok());
    let second = put(&*store, b"k", b"same").await;
    assert_eq!(check(&*store, equals(first)).await, Err(MetaErrorKind::Conflict(0)));
    assert!(check(&*store, equals(second)).await.is_ok());
    delete(&*store, b"k").await;
    assert_eq!(check(&*store, equals(second)).await, Err(MetaErrorKind::Conflict(0)));
}

/// `Shared` is `Equals` for many at once.
pub async fn shared_is_held_by_many_and_fails_like_equals(world: &dyn MetaWorld) {
    let store = world.open();
    let revision = put(&*store, b"bucket", b"").await;
    let write = |number: u8| {
        let mut commit = Commit::default();
        commit.check(Check::Shared(Bytes::from_static(b"bucket"), revision)).put(vec![number], vec![]);
        let store = store.clone();
        tokio::spawn(async move { store.commit(commit).await.map_err(|error| error.kind) })
    };
    let writes: Vec<_> = (0..32).map(write).collect();
    for outcome in writes {
        assert!(outcome.await.expect("no panic").is_ok());
    }
    put(&*store, b"bucket", b"closing").await;
    assert_eq!(write(99).await.expect("no panic"), Err(MetaErrorKind::Conflict(0)));
    assert_eq!(value(&*store, &[99]).await, None);
}

/// `RangeEmpty` takes its start in and leaves its end out.
pub async fn range_empty_looks_at_exactly_its_range(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"b"]).await;
    assert!(check(&*store, empty(b"a", b"b")).await.is_ok());
    assert!(check(&*store, empty(b"b\0", b"z")).await.is_ok());
    assert!(check(&*store, empty(b"c", b"a")).await.is_ok());
    assert!(check(&*store, empty(b"b", b"b")).await.is_ok());
    assert_eq!(check(&*store, empty(b"b", b"b\0")).await, Err(MetaErrorKind::Conflict(0)));
    assert_eq!(check(&*store, empty(b"", b"z")).await, Err(MetaErrorKind::Conflict(0)));
    delete(&*store, b"b").await;
    assert!(check(&*store, empty(b"", b"z")).await.is_ok());
}

/// The index of a conflict is that of the first failed check, wherever it stands; no write of the commit takes effect.
pub async fn a_conflict_names_the_first_failed_check_and_writes_nothing(world: &dyn MetaWorld) {
    let store = world.open();
    let revision = put(&*store, b"k", b"old").await;
    let key = Bytes::from_static(b"k");
    let holds = Check::Equals(key.clone(), revision);
    let fails = [
        Check::Absent(key.clone()),
        Check::Equals(key.clone(), revision + 1),
        Check::Shared(Bytes::from_static(b"none"), revision),
        empty(b"j", b"l"),
    ];
    for failing in &fails {
        for place in 0..4 {
            let mut checks = vec![holds.clone(); 4];
            checks[place] = failing.clone();
            checks.push(fails[0].clone());
            let mut commit = Commit { checks, writes: Vec::new() };
            commit.put(key.clone(), "new").put("other", "new").delete(key.clone());
            let outcome = store.commit(commit).await;
            assert_eq!(kind(outcome), MetaErrorKind::Conflict(place), "{failing:?}");
        }
    }
    let record = store.get(b"k").await.expect("a readable store").expect("the record is untouched");
    assert_eq!((record.value, record.revision), (Bytes::from_static(b"old"), revision));
    assert_eq!(value(&*store, b"other").await, None);
}

/// A commit may check that a key is absent and put it.
pub async fn checks_see_the_state_before_their_own_writes(world: &dyn MetaWorld) {
    let store = world.open();
    let create = || {
        let mut commit = Commit::default();
        commit.put("k", "v").check(Check::Absent(Bytes::from_static(b"k"))).check(empty(b"a", b"z"));
        commit
    };
    assert!(store.commit(create()).await.is_ok());
    assert_eq!(kind(store.commit(create()).await), MetaErrorKind::Conflict(0));
}

/// Of several writes to one key the last is what stays.
pub async fn writes_to_one_key_take_effect_in_order(world: &dyn MetaWorld) {
    let store = world.open();
    let mut commit = Commit::default();
    commit.put("a", "1").delete("a").put("a", "2").put("b", "1").put("b", "2").delete("b");
    store.commit(commit).await.expect("a commit without checks");
    assert_eq!(value(&*store, b"a").await.as_deref(), Some(&b"2"[..]));
    assert_eq!(value(&*store, b"b").await, None);
}

/// Checks alone are a commit.
pub async fn a_commit_without_writes_only_checks(world: &dyn MetaWorld) {
    let store = world.open();
    assert!(store.commit(Commit::default()).await.is_ok());
    let revision = put(&*store, b"k", b"v").await;
    for _ in 0..2 {
        assert!(check(&*store, Check::Equals(Bytes::from_static(b"k"), revision)).await.is_ok());
    }
}

/// Each commit has a revision above all before it, and each record carries that of its own commit.
pub async fn revisions_grow_and_stay_with_their_records(world: &dyn MetaWorld) {
    let store = world.open();
    let mut last = 0;
    for number in 0..10u8 {
        let revision = put(&*store, &[number], b"").await;
        assert!(revision > last);
        last = revision;
        let record = store.get(&[number]).await.expect("a readable store").expect("it was put");
        assert_eq!(record.revision, revision);
    }
    let first = store.get(&[0]).await.expect("a readable store").expect("it was put");
    assert!(first.revision < last);
}
