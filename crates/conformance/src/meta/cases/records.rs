//! Reading records one by one and in order.

use bytes::Bytes;
use meta::{Check, Commit, ENCODED_KEY_MAX_BYTES, MetaErrorKind, SCAN_MAX_BYTES, ScanItem};

use crate::meta::MetaWorld;
use crate::meta::steps::{all_items, fill, kind, outline, page, put, range, value};

/// Keys and values of any bytes and sizes are kept.
pub async fn bytes_come_back_as_they_went_in(world: &dyn MetaWorld) {
    let store = world.open();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let values: [Vec<u8>; 6] =
        [vec![], vec![0], all.clone(), vec![0xFF; 4096], vec![7; 70_000], all.repeat(4 * 1024)];
    let keys: [Vec<u8>; 6] =
        [vec![0], vec![0, 0], all, b"k\xFF".to_vec(), vec![0xFF; ENCODED_KEY_MAX_BYTES], vec![1]];
    for (key, value) in keys.iter().zip(&values) {
        put(&*store, key, value).await;
    }
    for (key, value) in keys.iter().zip(&values) {
        let record = store.get(key).await.expect("a readable store").expect("it was put");
        assert!(record.key == key && record.value == value, "{} bytes", value.len());
    }
    assert_eq!(value(&*store, b"\0\0\0").await, None);
    put(&*store, &keys[5], b"short").await;
    assert_eq!(value(&*store, &keys[5]).await.as_deref(), Some(&b"short"[..]));
}

/// `get_many` keeps order, repetition and absence.
pub async fn get_many_answers_in_the_order_asked(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"a", b"b"]).await;
    let keys = [&b"b"[..], b"none", b"a", b"b"].map(Bytes::from_static);
    let found = store.get_many(&keys).await.expect("a readable store");
    let values: Vec<_> = found.into_iter().map(|record| record.map(|record| record.value)).collect();
    assert_eq!(values, [Some(keys[0].clone()), None, Some(keys[2].clone()), Some(keys[0].clone())]);
    assert!(store.get_many(&[]).await.expect("a readable store").is_empty());
}

const IN_ORDER: [&[u8]; 12] = [
    b"\0",
    b"\0\0",
    b"\0\x01",
    b"\0\xFF",
    b"\x01",
    b"a",
    b"a\0",
    b"a\0\0",
    b"a\xFF",
    b"b",
    b"\xFF",
    b"\xFF\xFF",
];

/// Keys sort as unsigned bytes, a prefix before what it begins.
pub async fn keys_order_by_unsigned_bytes(world: &dyn MetaWorld) {
    let store = world.open();
    let shuffled: Vec<_> =
        (0..IN_ORDER.len()).map(|place| IN_ORDER[(place * 7 + 3) % IN_ORDER.len()]).collect();
    fill(&*store, &shuffled).await;
    for limit in 1..=IN_ORDER.len() + 1 {
        let items = all_items(&*store, range(b"", b"\xFF\xFF\xFF", limit)).await;
        assert_eq!(items.iter().map(|item| &item.key()[..]).collect::<Vec<_>>(), IN_ORDER);
    }
}

/// A scan takes its start in, leaves its end out, and says whether more follows.
pub async fn scans_are_half_open_and_page(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"a", b"b", b"c", b"d"]).await;
    type Case = (&'static [u8], &'static [u8], usize, &'static [&'static str]);
    let cases: [Case; 9] = [
        (b"a", b"d", 9, &["=a", "=b", "=c"]),
        (b"a\0", b"d\0", 9, &["=b", "=c", "=d"]),
        (b"a", b"d", 3, &["=a", "=b", "=c"]),
        (b"a", b"d", 2, &["=a", "=b", "..."]),
        (b"a", b"d\0", 3, &["=a", "=b", "=c", "..."]),
        (b"a", b"d", 0, &["..."]),
        (b"aa", b"b", 0, &[]),
        (b"aa", b"b", 9, &[]),
        (b"", b"\xFF", 1000, &["=a", "=b", "=c", "=d"]),
    ];
    for (start, end, limit, expected) in cases {
        let page = page(&*store, range(start, end, limit)).await;
        assert_eq!(outline(&page), expected, "{}..{} {limit}", start.escape_ascii(), end.escape_ascii());
    }
}

/// A range whose end is not behind its start holds nothing.
pub async fn a_backward_range_is_empty(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"a", b"b", b"c"]).await;
    for (start, end) in [(b"c", b"a"), (b"b", b"b")] {
        assert!(outline(&page(&*store, range(start, end, 9)).await).is_empty());
    }
}

/// A page stops before it holds more than [`SCAN_MAX_BYTES`], and goes on behind.
pub async fn a_page_is_bounded_in_bytes(world: &dyn MetaWorld) {
    const COUNT: usize = 9;
    let store = world.open();
    let size = SCAN_MAX_BYTES / 4 - 1024;
    for number in 0..COUNT {
        put(&*store, &[number as u8], &vec![number as u8; size]).await;
    }
    let mut seen = 0;
    while seen < COUNT {
        let page = page(&*store, range(&[seen as u8], b"\xFF", 1000)).await;
        let bytes: usize = page.items.iter().map(|item| item.key().len() + size).sum();
        assert!(bytes <= SCAN_MAX_BYTES && !page.items.is_empty());
        for item in &page.items {
            let ScanItem::Record(record) = item else { panic!("nothing folds here") };
            assert!(record.key == [seen as u8][..] && record.value == vec![seen as u8; size]);
            seen += 1;
        }
        assert_eq!(page.more, seen < COUNT);
    }
}

/// Records and their revisions stay; revisions given away are not given again.
pub async fn what_was_committed_is_there_after_reopening(world: &dyn MetaWorld) {
    let store = world.open();
    let kept = put(&*store, b"kept", b"v").await;
    let last = put(&*store, b"gone", b"").await;
    crate::meta::steps::delete(&*store, b"gone").await;
    drop(store);

    let store = world.open();
    let record = store.get(b"kept").await.expect("a readable store").expect("it was committed");
    assert_eq!((record.value, record.revision), (Bytes::from_static(b"v"), kept));
    assert_eq!(value(&*store, b"gone").await, None);
    let next = put(&*store, b"gone", b"").await;
    assert!(next > last + 1, "{next} after {last} and the delete");
    let mut stale = Commit::default();
    stale.check(Check::Equals(Bytes::from_static(b"gone"), last)).put("gone", "");
    assert_eq!(kind(store.commit(stale).await), MetaErrorKind::Conflict(0));
}
