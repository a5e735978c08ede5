//! Folding by delimiter.

use meta::{Commit, MetaStore};

use crate::meta::MetaWorld;
use crate::meta::steps::{all_items, fill, folded, outline, page};

const END: &[u8] = b"\xFF\xFF\xFF";

async fn outline_of(store: &dyn MetaStore, start: &[u8], delimiter: &[u8], from: usize) -> Vec<String> {
    outline(&page(store, folded(start, END, 1000, delimiter, from)).await)
}

const TREE: [&[u8]; 9] = [b"a", b"a/1", b"a/2/x", b"a/2/y", b"a0", b"b//1", b"b//2", b"b/1", b"c/"];

/// A key with the delimiter at or after `from` folds to the part up to and with the first one.
pub async fn keys_fold_to_their_first_delimiter(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &TREE).await;
    assert_eq!(outline_of(&*store, b"", b"/", 0).await, ["=a", "/a/", "=a0", "/b/", "/c/"]);
    let inner = page(&*store, folded(b"a/", b"a0", 1000, b"/", 2)).await;
    assert_eq!(outline(&inner), ["=a/1", "/a/2/"]);
    let inner = page(&*store, folded(b"b/", b"b0", 1000, b"/", 2)).await;
    assert_eq!(outline(&inner), ["/b//", "=b/1"]);
    assert_eq!(outline_of(&*store, b"", b"%", 0).await.len(), TREE.len());
    assert_eq!(outline_of(&*store, b"", b"/", 99).await.len(), TREE.len());
}

/// Every page size gives the same items, and says rightly whether more follow.
pub async fn pages_of_folded_items_join_without_gap_or_repetition(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &TREE).await;
    let whole = all_items(&*store, folded(b"", END, 1000, b"/", 0)).await;
    for limit in 1..=whole.len() + 1 {
        assert_eq!(all_items(&*store, folded(b"", END, limit, b"/", 0)).await, whole, "pages of {limit}");
    }
    assert_eq!(outline(&page(&*store, folded(b"", END, 0, b"/", 0)).await), ["..."]);
    assert_eq!(outline(&page(&*store, folded(b"c", END, 1, b"/", 0)).await), ["/c/"]);
    assert_eq!(outline(&page(&*store, folded(b"b", END, 1, b"/", 0)).await), ["/b/", "..."]);
}

/// A delimiter may be any bytes; one that lies across `from` does not count.
pub async fn delimiters_of_several_bytes_fold(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"a--b", b"a--c", b"a-b", b"ab-", b"x---y", "y\u{2192}z".as_bytes()]).await;
    let by_dashes = outline_of(&*store, b"", b"--", 0).await;
    assert_eq!(by_dashes, ["/a--", "=a-b", "=ab-", "/x--", "=y\\xe2\\x86\\x92z"]);
    assert_eq!(outline_of(&*store, b"x", b"--", 2).await[0], "/x---");
    assert_eq!(outline_of(&*store, b"x", b"--", 3).await[0], "=x---y");
    let by_arrow = outline_of(&*store, b"y", "\u{2192}".as_bytes(), 1).await;
    assert_eq!(by_arrow, ["/y\\xe2\\x86\\x92"]);
}

/// Behind a prefix that ends in 0xFF go on the keys that sort behind all of its own, if any can.
pub async fn a_delimiter_of_ff_folds_to_the_end_of_the_range(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"a\xFF", b"a\xFF\xFF", b"a\xFFz", b"b", b"\xFF", b"\xFF1", b"\xFF\xFF"]).await;
    assert_eq!(outline_of(&*store, b"", b"\xFF", 0).await, ["/a\\xff", "=b", "/\\xff"]);
    assert_eq!(
        outline_of(&*store, b"", b"\xFF\xFF", 0).await,
        ["=a\\xff", "=a\\xffz", "/a\\xff\\xff", "=b", "=\\xff", "=\\xff1", "/\\xff\\xff"]
    );
    let page = page(&*store, folded(b"", END, 2, b"\xFF", 0)).await;
    assert_eq!(outline(&page), ["/a\\xff", "=b", "..."]);
}

/// A key that is the delimiter, or ends with it, folds like any other.
pub async fn a_delimiter_at_the_start_or_end_folds(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"/", b"/a", b"//", b"a/", b"b"]).await;
    assert_eq!(outline_of(&*store, b"", b"/", 0).await, ["//", "/a/", "=b"]);
    assert_eq!(outline_of(&*store, b"", b"/", 1).await, ["=/", "///", "=/a", "/a/", "=b"]);
}

/// A scan that begins behind the first keys of a prefix folds what is left of it, and ends inside one likewise.
pub async fn folding_begins_inside_a_prefix(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &TREE).await;
    assert_eq!(outline_of(&*store, b"a/2/y", b"/", 0).await[..2], ["/a/", "=a0"]);
    assert_eq!(outline_of(&*store, b"a/3", b"/", 0).await[0], "=a0");
    let page = page(&*store, folded(b"a/2", b"b//2", 9, b"/", 0)).await;
    assert_eq!(outline(&page), ["/a/", "=a0", "/b/"]);
}

/// However many keys a prefix holds, it is one item, and records around it are not missed.
pub async fn long_prefixes_are_passed_as_short_ones(world: &dyn MetaWorld) {
    let store = world.open();
    let mut expected = Vec::new();
    for (group, count) in [0usize, 1, 2, 7, 8, 9, 11, 12, 13, 14, 40, 1500].into_iter().enumerate() {
        let mut commit = Commit::default();
        for member in 0..count {
            commit.put(format!("{group:02}/{member:05}"), "v");
        }
        commit.put(format!("{group:02}~"), "v");
        store.commit(commit).await.expect("it fits");
        expected.extend((count > 0).then(|| format!("/{group:02}/")));
        expected.push(format!("={group:02}~"));
    }
    assert_eq!(outline_of(&*store, b"", b"/", 0).await, expected);
    for limit in [1, 2, 3, 5] {
        let items = all_items(&*store, folded(b"", END, limit, b"/", 0)).await;
        assert_eq!(items.len(), expected.len(), "pages of {limit}");
    }
}
