//! Uploads whose calls race, and readers of objects in parts that go away.

use store::{
    CompleteOptions, CompletedPart, CreateUploadOptions, Missing, OpenOptions, PartOptions, PartProblem,
    StoreErrorKind, UploadRef,
};
use types::ByteRange;

use super::multipart::takes_parts;
use crate::blob::bodies::pattern;
use crate::store::StoreWorld;
use crate::store::desk::{body, key};

/// Racing completions make one object.
pub async fn racing_completions_make_one_object(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    for _ in 0..6 {
        let upload = desk.begin("k", CreateUploadOptions::default()).await;
        let parts = vec![upload.put(1, pattern(1, 100_000)).await];
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
                let (id, parts) = (upload.id.clone(), parts.clone());
                tokio::spawn(async move {
                    let reference = UploadRef { bucket: &bucket, key: &key("k"), id: &id };
                    store.complete_upload(&cx, reference, parts, CompleteOptions::default()).await
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => {
                    let late = matches!(error.kind, StoreErrorKind::Missing(Missing::Upload));
                    assert!(late && !desk.can(|store| store.repeated_completion), "{error}");
                }
            }
        }
        assert!(!outcomes.is_empty());
        let exact = desk.can(|store| store.repeated_completion);
        let same =
            |a: &store::PutOutcome, b: &store::PutOutcome| if exact { a == b } else { a.etag == b.etag };
        assert!(outcomes.iter().all(|outcome| same(outcome, &outcomes[0])), "{outcomes:?}");
        assert!(desk.read("k").await == pattern(1, 100_000));
    }
}

/// A completion that races with an abort is whole or absent.
pub async fn a_completion_that_races_with_an_abort_is_whole_or_absent(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    for round in 0..20 {
        let name = format!("k{round}");
        let upload = desk.begin(&name, CreateUploadOptions::default()).await;
        let parts = vec![upload.put(1, pattern(round, 100_000)).await];
        let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
        let (id, object) = (upload.id.clone(), key(&name));
        let completing = tokio::spawn(async move {
            let reference = UploadRef { bucket: &bucket, key: &object, id: &id };
            store.complete_upload(&cx, reference, parts, CompleteOptions::default()).await
        });
        let aborted = upload.abort().await;
        match completing.await.unwrap() {
            Ok(_) => {
                assert!(matches!(aborted.unwrap_err().kind, StoreErrorKind::Missing(Missing::Upload)));
                assert!(desk.read(&name).await == pattern(round, 100_000));
            }
            Err(error) => {
                assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)), "{error}");
                aborted.unwrap();
                assert!(desk.head(&name).await.is_err());
            }
        }
    }
}

/// A part that is replaced while its upload is completed: the object has the part that was listed, or the completion is
/// refused.
pub async fn a_completion_never_takes_a_part_that_was_not_listed(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    for round in 0..20 {
        let name = format!("k{round}");
        let upload = desk.begin(&name, CreateUploadOptions::default()).await;
        let listed = vec![upload.put(1, pattern(1, 70_000)).await];
        let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
        let (id, object) = (upload.id.clone(), key(&name));
        let replacing = tokio::spawn(async move {
            let reference = UploadRef { bucket: &bucket, key: &object, id: &id };
            let body = body(pattern(2, 70_000));
            store.put_part(&cx, reference, 1, body, PartOptions::default()).await
        });
        match upload.try_complete(&listed, CompleteOptions::default()).await {
            Ok(_) => assert!(desk.read(&name).await == pattern(1, 70_000)),
            Err(error) => {
                let replaced = matches!(error.kind, StoreErrorKind::Part(PartProblem::Invalid(1)));
                assert!(replaced, "{error}");
            }
        }
        match replacing.await.unwrap() {
            Ok(part) => {
                let listed = [CompletedPart { number: 1, etag: part.etag, checksum: part.checksum }];
                match upload.try_complete(&listed, CompleteOptions::default()).await {
                    Ok(_) => assert!(desk.read(&name).await == pattern(2, 70_000)),
                    // The first completion came after the replaced part had been read.
                    Err(error) => {
                        assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)), "{error}");
                        assert!(desk.read(&name).await == pattern(1, 70_000));
                    }
                }
            }
            Err(error) => {
                assert!(matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)), "{error}");
            }
        }
    }
}

/// Parts uploaded at once are all there.
pub async fn parts_uploaded_at_once_are_all_there(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let size = desk.part_min_bytes;
    let tasks: Vec<_> = (1..=12_u32)
        .map(|number| {
            let (store, bucket, cx) = (desk.store.clone(), desk.bucket.clone(), desk.cx.clone());
            let id = upload.id.clone();
            tokio::spawn(async move {
                let reference = UploadRef { bucket: &bucket, key: &key("k"), id: &id };
                let body = body(pattern(u64::from(number), size));
                let part =
                    store.put_part(&cx, reference, number, body, PartOptions::default()).await.unwrap();
                CompletedPart { number, etag: part.etag, checksum: part.checksum }
            })
        })
        .collect();
    let mut parts = Vec::new();
    for task in tasks {
        parts.push(task.await.unwrap());
    }
    upload.complete(&parts).await;
    let whole: Vec<u8> = (1..=12).flat_map(|number| pattern(number, size)).collect();
    assert!(desk.read("k").await == whole);
}

/// An open object in parts stays as it was.
pub async fn an_open_object_in_parts_stays_as_it_was(world: &dyn StoreWorld) {
    let Some(desk) = takes_parts(world).await else { return };
    let upload = desk.begin("k", CreateUploadOptions::default()).await;
    let bodies = [pattern(1, desk.part_min_bytes.max(70_000)), pattern(2, 200_000)];
    let parts = [upload.put(1, bodies[0].clone()).await, upload.put(2, bodies[1].clone()).await];
    upload.complete(&parts).await;
    let opened = desk.store.open(&desk.cx, &desk.bucket, &key("k"), OpenOptions::default()).await.unwrap();
    desk.put("k", "new").await;
    desk.delete("k").await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    let whole = bodies.concat();
    let read = match opened.content.read(ByteRange::whole(whole.len() as u64)).await {
        Ok(body) => body.collect(64 << 20).await.ok(),
        Err(_) => None,
    };
    match read {
        Some(read) => assert!(read == whole),
        None => assert!(!desk.can(|store| store.open_outlives_overwrite)),
    }
}
