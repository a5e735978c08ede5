//! Views of one moment.

use bytes::Bytes;
use meta::{Commit, MetaRead};

use crate::meta::MetaWorld;
use crate::meta::steps::{delete, fill, folded, outline, page, put, range, value};

const END: &[u8] = b"\xFF";

async fn state(view: &dyn MetaRead) -> String {
    let items = page(view, range(b"", END, 100)).await.items;
    let mut text = String::new();
    for item in &items {
        let value = value(view, item.key()).await.expect("it was listed in the same view");
        text += &format!("{}={} ", item.key().escape_ascii(), value.escape_ascii());
    }
    text
}

/// Puts, replacements and deletes after it are not seen by a snapshot, by any way of reading.
pub async fn a_snapshot_keeps_its_moment(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"a/1", b"b", b"c"]).await;
    let view = store.snapshot().await.expect("a snapshot");
    put(&*store, b"b", b"new").await;
    put(&*store, b"a/0", b"new").await;
    put(&*store, b"d", b"new").await;
    delete(&*store, b"c").await;
    assert_eq!(state(&*view).await, "a/1=a/1 b=b c=c ");
    assert_eq!(outline(&page(&*view, folded(b"", END, 2, b"/", 0)).await), ["/a/", "=b", "..."]);
    let keys = [Bytes::from_static(b"c"), Bytes::from_static(b"d")];
    let found = view.get_many(&keys).await.expect("a readable view");
    assert!(found[0].is_some() && found[1].is_none());
    assert_eq!(state(&*store).await, "a/0=new a/1=a/1 b=new d=new ");
    drop(view);
    assert_eq!(state(&*store).await, "a/0=new a/1=a/1 b=new d=new ");
}

/// Each snapshot has its own moment, in whatever order they end.
pub async fn snapshots_of_several_moments_stand_side_by_side(world: &dyn MetaWorld) {
    let store = world.open();
    let mut views = Vec::new();
    for number in 0..4 {
        views.push(Some(store.snapshot().await.expect("a snapshot")));
        put(&*store, b"k", number.to_string().as_bytes()).await;
    }
    delete(&*store, b"k").await;
    for ended in [1, 0, 3] {
        views[ended] = None;
        for (number, view) in views.iter().enumerate().filter_map(|(n, view)| Some((n, view.as_ref()?))) {
            let expected = number.checked_sub(1).map(|before| before.to_string().into());
            assert_eq!(value(&**view, b"k").await, expected, "moment {number}");
        }
    }
}

/// Commits go on beside snapshots, whatever they hold.
pub async fn a_snapshot_does_not_hold_up_commits(world: &dyn MetaWorld) {
    let store = world.open();
    fill(&*store, &[b"k"]).await;
    let view = store.snapshot().await.expect("a snapshot");
    for number in 0..200u32 {
        let mut commit = Commit::default();
        commit.put("k", vec![7; 2000]).put(number.to_be_bytes().to_vec(), vec![7; 2000]);
        store.commit(commit).await.expect("commits beside a snapshot");
    }
    assert_eq!(state(&*view).await, "k=k ");
}
