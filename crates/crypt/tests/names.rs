//! Encrypted names: what they need of a store, and what listings of them cost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::beside::Beside;
use common::between::Between;
use common::desk::{Desk, assert_refused, key};
use common::{Layered, Setup};
use crypt::Names;
use store::{ListEntry, ListObjects, Position, PutOptions, StoreErrorKind};
use types::Body;

fn encrypted() -> Setup {
    Setup { names: Names::Encrypted, ..Setup::default() }
}

#[tokio::test]
async fn a_store_that_cannot_tell_who_was_first_has_no_encrypted_names() {
    let inner = Layered::new(Vec::new()).inner();
    let between = Between { unconditional: true, ..Between::new(inner.clone()) };
    let beside = Beside::over(encrypted(), between).await;
    assert_refused!(beside.put("k").await, StoreErrorKind::Unsupported(why) if why.contains("names"));
    let listed = beside.store.list(&beside.cx, &beside.bucket, ListObjects::default()).await;
    assert_refused!(listed, StoreErrorKind::Unsupported(_));
    assert_eq!(beside.own_keys().await, []);
    let plain = Setup::default();
    let between = Between { unconditional: true, ..Between::new(Layered::new(Vec::new()).inner()) };
    Beside::over(plain, between).await.put("k").await.unwrap();
}

#[tokio::test]
async fn a_page_within_a_folder_is_few_requests_however_much_it_leaves_out() {
    let beside = Beside::new(encrypted()).await;
    for n in 0..300 {
        beside.put(&format!("folder/{n}")).await.unwrap();
    }
    beside.between.take_calls();
    let prefix = "folder/29".to_owned();
    let mut options = ListObjects { prefix, limit: 1, ..ListObjects::default() };
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = beside.store.list(&beside.cx, &beside.bucket, options.clone()).await.unwrap();
        pages += 1;
        assert_eq!(page.entries.len(), 1);
        let ListEntry::Object(object) = &page.entries[0] else { panic!("nothing was to be folded") };
        found.push(object.key.as_str().to_owned());
        options.after = Some(Position::Key(object.key.as_str().to_owned()));
        if !page.more {
            break;
        }
    }
    let mut wanted: Vec<String> = (290..300).map(|n| format!("folder/{n}")).collect();
    wanted.push("folder/29".into());
    found.sort();
    wanted.sort();
    assert_eq!((found, pages), (wanted, 11));
    let lists = beside.between.take_calls().iter().filter(|call| **call == "list").count();
    assert!(lists <= 3 * pages, "{lists} requests for {pages} pages");
}

const NAMES: &str = ".sluice/crypt/names";

/// The same bucket, whose layer is set up otherwise now.
fn flipped(mut desk: Desk, names: Names) -> Desk {
    desk.world.setups[0].names = names;
    desk.without_state()
}

#[tokio::test]
async fn a_key_of_names_that_is_lost_is_not_made_anew() {
    let desk = Desk::new(Layered::new(vec![encrypted()])).await;
    desk.put("k", "x").await;
    desk.inner.delete(&desk.cx, &desk.bucket, &key(NAMES), Default::default()).await.unwrap();
    let desk = desk.without_state();
    assert_refused!(desk.read("k").await, StoreErrorKind::Forbidden(why) if why.contains("names"));
    let listed = desk.store.list(&desk.cx, &desk.bucket, ListObjects::default()).await;
    assert_refused!(listed, StoreErrorKind::Forbidden(_));
    assert!(!desk.own_keys().await.iter().any(|own| own == NAMES));
}

#[tokio::test]
async fn a_bucket_keeps_the_way_in_which_it_was_begun() {
    for (begun, other) in [(Names::Plain, Names::Encrypted), (Names::Encrypted, Names::Plain)] {
        let desk = Desk::new(Layered::new(vec![Setup { names: begun, ..Setup::default() }])).await;
        desk.put("k", "x").await;
        let own = desk.own_keys().await;
        let desk = flipped(desk, other);
        let body = Body::from_bytes("y".into());
        let put = desk.store.put(&desk.cx, &desk.bucket, &key("other"), body, PutOptions::default()).await;
        assert_refused!(put, StoreErrorKind::Forbidden(why) if why.contains("names"));
        assert_eq!(desk.own_keys().await, own, "nothing was made");
        let desk = flipped(desk, begun);
        assert_eq!(desk.read("k").await.unwrap().1, "x");
    }
}

#[tokio::test]
async fn another_key_in_place_of_that_of_names_is_damage() {
    let desk = Desk::new(Layered::new(vec![encrypted()])).await;
    desk.put("k", "x").await;
    let own = desk.own_keys().await;
    let epoch = own.iter().find(|own| *own != NAMES).unwrap();
    let (info, bytes) = desk.raw(epoch).await;
    desk.forge(NAMES, &info, bytes).await;
    assert_refused!(desk.without_state().read("k").await, StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn plain_names_go_on_once_a_key_of_names_that_was_not_meant_is_deleted() {
    let stray = Desk::new(Layered::new(vec![encrypted()])).await;
    stray.list().await;
    let (info, bytes) = stray.raw(NAMES).await;
    let desk = Desk::new(Layered::new(vec![Setup::default()])).await;
    desk.put("k", "x").await;
    desk.forge(NAMES, &info, bytes).await;
    let desk = desk.without_state();
    assert_eq!(desk.read("k").await.unwrap().1, "x", "reads go on in any case");
    let body = Body::from_bytes("y".into());
    let put = desk.store.put(&desk.cx, &desk.bucket, &key("k"), body, PutOptions::default()).await;
    assert_refused!(put, StoreErrorKind::Forbidden(why) if why.contains(NAMES) && !why.contains("begun"));
    desk.inner.delete(&desk.cx, &desk.bucket, &key(NAMES), Default::default()).await.unwrap();
    desk.put("k", "y").await;
    assert_eq!(desk.without_state().read("k").await.unwrap().1, "y");
}
