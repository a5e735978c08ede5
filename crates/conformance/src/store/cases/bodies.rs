//! What becomes of bodies that are wrong, fail, or are given up.

use hash::{Hasher, Md5};
use store::{Identity, Missing, PutOptions, StoreErrorKind};
use types::{Body, BodyErrorKind, Checksum, ChecksumAlgorithm, ExpectedChecksum, ExpectedDigests};

use crate::blob::bodies::{Script, Step, pattern};
use crate::store::StoreWorld;
use crate::store::desk::{Desk, assert_refused, key};

/// One size that stands beside its record and one that does not.
const SIZES: [usize; 2] = [1000, 200_000];

fn expecting(checksum: ExpectedChecksum) -> PutOptions {
    let identity = Identity::Compute(ExpectedDigests { content_md5: None, checksum });
    PutOptions { identity, ..PutOptions::default() }
}

async fn put(desk: &Desk, body: Body, options: PutOptions) -> Result<store::PutOutcome, store::StoreError> {
    desk.store.put(&desk.cx, &desk.bucket, &key("k"), body, options).await
}

fn with_trailer(bytes: &bytes::Bytes, checksum: Checksum) -> Body {
    Script::frames(bytes, 8192).then(Step::Trailer(checksum)).into_body()
}

/// Every checksum is verified and kept.
pub async fn every_checksum_is_verified_and_kept(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    if !desk.store.capabilities(&desk.bucket).checksums.is_yes() {
        return;
    }
    for algorithm in ChecksumAlgorithm::ALL {
        for size in SIZES {
            let bytes = pattern(1, size);
            let right = Hasher::checksum(algorithm, &bytes);
            let trailing = with_trailer(&bytes, right);
            for (body, expected) in [
                (Body::from_bytes(bytes.clone()), ExpectedChecksum::Compute(algorithm)),
                (Body::from_bytes(bytes.clone()), ExpectedChecksum::Value(right)),
                (trailing, ExpectedChecksum::Trailer(algorithm)),
            ] {
                let outcome = put(&desk, body, expecting(expected)).await.unwrap();
                assert_eq!(outcome.checksum, Some(right));
                assert_eq!(desk.head("k").await.unwrap().checksum, Some(right));
                desk.delete("k").await;
            }
        }
    }
}

/// A wrong checksum stores nothing.
pub async fn a_wrong_checksum_stores_nothing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    desk.put("k", "before").await;
    for algorithm in ChecksumAlgorithm::ALL {
        for size in SIZES {
            let bytes = pattern(1, size);
            let wrong = Hasher::checksum(algorithm, b"other");
            let body = || Body::from_bytes(bytes.clone());
            let refused = put(&desk, body(), expecting(ExpectedChecksum::Value(wrong))).await;
            assert_refused!(refused, StoreErrorKind::DigestMismatch(Some(found)) if found == algorithm);
            let trailing = with_trailer(&bytes, wrong);
            let refused = put(&desk, trailing, expecting(ExpectedChecksum::Trailer(algorithm))).await;
            assert_refused!(refused, StoreErrorKind::DigestMismatch(Some(found)) if found == algorithm);
            let refused = put(&desk, body(), expecting(ExpectedChecksum::Trailer(algorithm))).await;
            assert_refused!(refused, StoreErrorKind::TrailerMissing(found) if found == algorithm);
        }
    }
    assert_eq!(desk.read("k").await, "before");
}

/// Content md5 is verified.
pub async fn content_md5_is_verified(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let md5 = |content_md5| {
        let digests = ExpectedDigests { content_md5: Some(content_md5), checksum: ExpectedChecksum::Default };
        PutOptions { identity: Identity::Compute(digests), ..PutOptions::default() }
    };
    for size in SIZES {
        let bytes = pattern(1, size);
        let right = md5(Md5::digest(&bytes));
        put(&desk, Body::from_bytes(bytes.clone()), right).await.unwrap();
        let refused = put(&desk, Body::from_bytes(pattern(2, size)), md5(Md5::digest(&bytes))).await;
        assert_refused!(refused, StoreErrorKind::DigestMismatch(None));
        assert!(desk.read("k").await == bytes);
    }
}

/// A failing body stores nothing.
pub async fn a_failing_body_stores_nothing(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    for kind in [BodyErrorKind::Incomplete, BodyErrorKind::TimedOut, BodyErrorKind::SignatureMismatch] {
        for size in [0, 1000, 200_000] {
            let body = Script::frames(&pattern(1, size), 8192).then(Step::Fail(kind.clone())).into_body();
            let refused = put(&desk, body, PutOptions::default()).await;
            assert_refused!(refused, StoreErrorKind::Body(error) if error.kind == kind);
            assert_refused!(desk.head("k").await, StoreErrorKind::Missing(Missing::Key));
        }
    }
}

/// Polls a put a few times, drops it, and looks.
pub async fn a_dropped_put_takes_effect_wholly_or_not_at_all(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    for size in [500, 200_000] {
        for polls in 1..24 {
            let (name, bytes) = (format!("{size}-{polls}"), pattern(polls, size));
            let (bucket, object) = (desk.bucket.clone(), key(&name));
            let body = Script::frames(&bytes, size / 4 + 1).with_pauses().into_body();
            let mut put = desk.store.put(&desk.cx, &bucket, &object, body, PutOptions::default());
            for _ in 0..polls {
                let polled = std::future::poll_fn(|cx| {
                    let polled = put.as_mut().poll(cx);
                    std::task::Poll::Ready(polled.is_ready())
                });
                if polled.await {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(put);
            match desk.head(&name).await {
                Ok(_) => assert!(desk.read(&name).await == bytes),
                Err(error) => {
                    assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Key)), "{error}");
                }
            }
        }
    }
}

/// A stalled put holds nobody up.
pub async fn a_stalled_put_holds_nobody_up(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
    let stalled = tokio::spawn(async move {
        let body = Script::frames(&pattern(1, 150_000), 8192).then(Step::Stall).into_body();
        store.put(&cx, &bucket, &key("k"), body, PutOptions::default()).await
    });
    for _ in 0..4 {
        tokio::task::yield_now().await;
        desk.put("k", "quick").await;
        assert_eq!(desk.read("k").await, "quick");
    }
    stalled.abort();
    assert!(stalled.await.unwrap_err().is_cancelled());
    assert_eq!(desk.read("k").await, "quick");
}
