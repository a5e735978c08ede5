//! Writes beside what takes keys away or changes them: what is acknowledged can be read by another process too.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use common::beside::{Beside, Slow, create_bucket};
use common::between::Hold;
use common::desk::{as_it_is, assert_refused, key, pattern, read};
use common::{Counting, Setup, Ticking, keyring_text};
use crypt::{Crypt, CryptOptions, KeyError, KeyService, Keyring, Names, Secret};
use meta::MemoryMeta;
use store::{
    CompleteOptions, CompletedPart, CopySource, DeleteOptions, Layer, Missing, PutOptions, SharedStore,
    StoreErrorKind, UploadRef,
};
use types::Body;

#[tokio::test]
async fn a_removal_whose_caller_is_gone_comes_to_its_end() {
    let beside = Beside::new(Setup::default()).await.emptied().await;
    let hold = beside.between.hold("delete_bucket");
    let mut removal = Box::pin(beside.store.delete_bucket(&beside.cx, &beside.bucket));
    tokio::select! {
        biased;
        _ = &mut removal => panic!("it is held up"),
        () = hold.reached.notified() => {}
    }
    drop(removal);
    hold.go.notify_one();
    // Its key was removed behind the closed gate, so nothing is acknowledged that would need it.
    assert_refused!(beside.put("later").await, StoreErrorKind::Missing(Missing::Bucket));
    let found = beside.between.inner.bucket(&beside.cx, &beside.bucket.name).await;
    assert_refused!(found, StoreErrorKind::Missing(Missing::Bucket));
}

#[tokio::test]
async fn a_key_that_cannot_be_put_back_seals_nothing_more() {
    for names in [Names::Plain, Names::Encrypted] {
        let setup = Setup { names, ..Setup::default() };
        let beside = Beside::new(setup).await.emptied().await;
        let (body, end) = Slow::body();
        let mut under_way = Box::pin(beside.put_body("under-way", body));
        tokio::select! {
            biased;
            _ = &mut under_way => panic!("its body has not ended"),
            () = tokio::task::yield_now() => {}
        }
        beside.between.failing.lock().unwrap().extend(["delete_bucket", "put"]);
        let removed = beside.store.delete_bucket(&beside.cx, &beside.bucket).await;
        assert_refused!(removed, StoreErrorKind::Unavailable);
        end.send(()).unwrap();
        assert_refused!(under_way.await, StoreErrorKind::Missing(Missing::Bucket));
        beside.put("later").await.unwrap();
        assert_eq!(beside.read_elsewhere("later").await.unwrap(), "x");
    }
}

#[tokio::test]
async fn keys_that_can_be_put_back_are_whatever_becomes_of_others() {
    let setup = Setup { names: Names::Encrypted, ..Setup::default() };
    let beside = Beside::new(setup).await.emptied().await;
    let before = beside.own_keys().await.len();
    beside.between.failing.lock().unwrap().extend(["delete_bucket", "put"]);
    beside.store.delete_bucket(&beside.cx, &beside.bucket).await.unwrap_err();
    assert_eq!((before, beside.own_keys().await.len()), (2, 1));
}

#[tokio::test]
async fn a_part_that_comes_again_between_two_completions_is_in_the_manifest() {
    let beside = Beside::new(Setup::default()).await;
    let (cx, store, name, bytes) = (&beside.cx, &beside.store, key("k"), pattern(1, 2000));
    let id = store.create_upload(cx, &beside.bucket, &name, Default::default()).await.unwrap();
    let upload = UploadRef { bucket: &beside.bucket, key: &name, id: &id };
    let send = || async {
        let body = Body::from_bytes(bytes.clone());
        let part = store.put_part(cx, upload, 1, body, Default::default()).await.unwrap();
        vec![CompletedPart { number: 1, etag: part.etag, checksum: None }]
    };
    let listed = send().await;
    beside.between.failing.lock().unwrap().push("complete_upload");
    let failed = store.complete_upload(cx, upload, listed.clone(), CompleteOptions::default()).await;
    assert_refused!(failed, StoreErrorKind::Unavailable);
    assert_eq!(send().await, listed, "the same bytes have the same tag");
    store.complete_upload(cx, upload, listed, CompleteOptions::default()).await.unwrap();
    assert_eq!(beside.read_elsewhere("k").await.unwrap(), bytes);
}

#[tokio::test]
async fn a_key_that_somebody_removes_is_put_back_while_it_is_known() {
    for names in [Names::Plain, Names::Encrypted] {
        let clock = Ticking::new();
        let beside = Beside::new(Setup { names, clock: clock.clone(), ..Setup::default() }).await;
        beside.put("before").await.unwrap();
        let own = beside.own_keys().await;
        for key in &own {
            let options = DeleteOptions::default();
            beside.between.inner.delete(&beside.cx, &beside.bucket, key, options).await.unwrap();
        }
        clock.pass(Duration::from_secs(59));
        beside.between.take_calls();
        beside.put("at-once").await.unwrap();
        assert_eq!(beside.between.take_calls(), ["put"], "not looked for on every write");
        clock.pass(Duration::from_secs(2));
        beside.between.failing.lock().unwrap().push("head");
        assert_refused!(beside.put("unsure").await, StoreErrorKind::Unavailable);
        beside.put("later").await.unwrap();
        assert_eq!(beside.own_keys().await, own);
        for name in ["before", "at-once", "later"] {
            assert_eq!(beside.read_elsewhere(name).await.unwrap(), "x");
        }
        beside.between.take_calls();
        beside.put("again").await.unwrap();
        assert_eq!(beside.between.take_calls(), ["put"]);
    }
}

/// A keyring that can be held up before it opens a key.
struct Holding(Keyring, Arc<Mutex<Option<Hold>>>);

#[async_trait]
impl KeyService for Holding {
    async fn primary(&self) -> Result<String, KeyError> {
        self.0.primary().await
    }

    async fn wrap(&self, key_id: &str, secret: &Secret, context: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.wrap(key_id, secret, context).await
    }

    async fn unwrap(&self, key_id: &str, wrapped: &[u8], context: &[u8]) -> Result<Secret, KeyError> {
        let held = self.1.lock().unwrap().take();
        if let Some(hold) = held {
            hold.reached.notify_one();
            hold.go.notified().await;
        }
        self.0.unwrap(key_id, wrapped, context).await
    }
}

/// Another server beside this one, whose keyring can be held up.
fn held_up(beside: &Beside) -> (SharedStore, Arc<Mutex<Option<Hold>>>) {
    let place = Arc::<Mutex<Option<Hold>>>::default();
    let keys = Arc::new(Holding(beside.setup.keys.clone(), place.clone()));
    let options = CryptOptions { keys, ..beside.setup.options(MemoryMeta::default(), Counting::new(9)) };
    (Crypt::new(options).wrap(beside.between.clone()), place)
}

/// Loses the keys of the bucket while `call` has one of them in its hands; then it may not succeed.
async fn is_refused_when_keys_go<T>(
    beside: &Beside,
    (store, hold): (&SharedStore, Hold),
    call: impl Future<Output = Result<T, store::StoreError>>,
) {
    let mut call = Box::pin(call);
    tokio::select! {
        biased;
        _ = &mut call => panic!("it is held up"),
        () = hold.reached.notified() => {}
    }
    beside.between.failing.lock().unwrap().extend(["delete_bucket", "put"]);
    store.delete_bucket(&beside.cx, &beside.bucket).await.map(drop).unwrap_err();
    hold.go.notify_one();
    assert_refused!(call.await, StoreErrorKind::Missing(Missing::Bucket));
}

#[tokio::test]
async fn an_upload_does_not_begin_under_a_key_that_goes() {
    let beside = Beside::new(Setup::default()).await.emptied().await;
    let (store, place) = held_up(&beside);
    let (hold, name) = (Hold::default(), key("k"));
    *place.lock().unwrap() = Some(hold.clone());
    let call = store.create_upload(&beside.cx, &beside.bucket, &name, Default::default());
    is_refused_when_keys_go(&beside, (&store, hold), call).await;
}

#[tokio::test]
async fn nor_is_a_copy_wrapped_with_one() {
    let beside = Beside::new(Setup::default()).await.emptied().await;
    let (store, place) = held_up(&beside);
    let (cx, from, name) = (&beside.cx, create_bucket(&store, &beside.cx, "other").await, key("k"));
    let body = Body::from_bytes("x".into());
    let etag = store.put(cx, &from, &name, body, PutOptions::default()).await.unwrap().etag;
    read(&store, cx, &from, "k").await.unwrap();
    let source = CopySource { bucket: Arc::new(from), key: name.clone(), version_id: None, etag };
    let hold = Hold::default();
    *place.lock().unwrap() = Some(hold.clone());
    let call = store.copy(cx, &source, &beside.bucket, &name, as_it_is());
    is_refused_when_keys_go(&beside, (&store, hold), call).await;
}

#[tokio::test]
async fn a_key_that_is_made_while_all_are_wrapped_anew_is_under_the_new_one() {
    let beside = Beside::new(Setup::default()).await;
    let hold = beside.between.hold("list");
    let mut put = Box::pin(beside.put("k"));
    tokio::select! {
        biased;
        _ = &mut put => panic!("it is held up"),
        () = hold.reached.notified() => {}
    }
    beside.setup.keys.reload(&keyring_text(&[("second", 2), ("first", 1)])).unwrap();
    let report = beside.layer.rewrap(&beside.cx, &beside.bucket, &mut |_| {}).await.unwrap();
    assert_eq!(report.epochs, 0);
    hold.go.notify_one();
    put.await.unwrap();
    beside.setup.keys.reload(&keyring_text(&[("second", 2)])).unwrap();
    assert_eq!(beside.read_elsewhere("k").await.unwrap(), "x");
}
