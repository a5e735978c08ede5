//! What is remembered beside the store can be lost: no object is lost with it, and nothing is shown otherwise.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::desk::{Desk, as_it_is, key, pattern};
use common::{Layered, Setup, keyring};
use crypt::{Algorithm, Names};
use store::{
    CopyOptions, Directive, ListParts, ObjectInfo, ObjectParts, ObjectSummary, OpenOptions, PutOptions,
};
use types::{Body, ChecksumAlgorithm, ObjectMetadata};

type Shown = Vec<(ObjectInfo, bytes::Bytes, ObjectParts)>;

async fn shown(desk: &Desk, names: &[&str]) -> (Shown, Vec<ObjectSummary>) {
    let mut all = Vec::new();
    let mut listed = desk.list().await;
    listed.sort_by(|a, b| a.key.cmp(&b.key));
    for name in names {
        let head = desk.head(name).await.unwrap();
        let (info, bytes) = desk.read(name).await.unwrap();
        assert_eq!(head, info);
        let summary = listed.iter().find(|object| object.key == key(name)).unwrap();
        assert_eq!((&summary.etag, summary.size_bytes), (&info.etag, info.size_bytes), "never two answers");
        let page = ListParts { after: 0, limit: 100 };
        let options = OpenOptions::default();
        let parts = desk.store.parts(&desk.cx, &desk.bucket, &key(name), options, page).await.unwrap();
        all.push((info, bytes, parts));
    }
    (all, listed)
}

async fn loses_nothing(world: Layered) {
    let desk = Desk::new(world).await;
    desk.put("empty", "").await;
    desk.put("folder/small", "text").await;
    desk.put("large", pattern(1, 300_000)).await;
    desk.upload("parts", &[pattern(2, 100_000), pattern(3, 70_000), pattern(4, 5)]).await;
    let many: Vec<_> = (0..300).map(|n| pattern(n, 1100)).collect();
    desk.upload("many-parts", &many).await;
    desk.copy("parts", "copied", as_it_is()).await.unwrap();
    let replaced = ObjectMetadata { user: vec![("a".into(), "b".into())], ..ObjectMetadata::default() };
    let options = CopyOptions { metadata: Directive::Replace(replaced), ..as_it_is() };
    desk.copy("large", "large", options).await.unwrap();
    let options = CopyOptions { checksum: Some(ChecksumAlgorithm::Sha1), ..as_it_is() };
    desk.copy("large", "other-checksum", options).await.unwrap();
    let crowded =
        ObjectMetadata { user: vec![("big".into(), "x".repeat(2000))], ..ObjectMetadata::default() };
    let options = PutOptions { metadata: crowded, ..PutOptions::default() };
    let body = Body::from_bytes(pattern(9, 1000));
    desk.store.put(&desk.cx, &desk.bucket, &key("crowded"), body, options).await.unwrap();
    desk.copy("crowded", "crowded-too", as_it_is()).await.unwrap();
    let names = [
        "empty",
        "folder/small",
        "large",
        "parts",
        "many-parts",
        "copied",
        "other-checksum",
        "crowded",
        "crowded-too",
    ];
    let before = shown(&desk, &names).await;
    assert!(before.0[3].2.parts.len() == 3 && before.0[4].2.parts.len() == 100 && before.0[4].2.more);
    let desk = desk.without_state();
    let after = shown(&desk, &names).await;
    assert!(before == after, "{:?}\n{:?}", before.1, after.1);
    // HEAD before any listing finds the same.
    let desk = desk.without_state();
    for (name, (info, ..)) in names.iter().zip(&before.0) {
        assert_eq!(&desk.head(name).await.unwrap(), info);
    }
}

#[tokio::test]
async fn losing_the_state_directory_loses_no_object() {
    loses_nothing(Layered::new(vec![Setup::default()])).await;
}

#[tokio::test]
async fn nor_over_a_store_that_keeps_nothing_beside_the_bytes() {
    let chacha = Setup { algorithm: Algorithm::ChaCha20Poly1305, ..Setup::default() };
    loses_nothing(Layered::bare(vec![chacha])).await;
}

#[tokio::test]
async fn nor_under_two_layers_with_keys_of_their_own() {
    let outer = Setup {
        level: 2,
        algorithm: Algorithm::ChaCha20Poly1305,
        keys: keyring(&[("outer", 7)]),
        ..Setup::default()
    };
    loses_nothing(Layered::new(vec![outer, Setup::default()])).await;
}

#[tokio::test]
async fn nor_with_encrypted_names() {
    loses_nothing(Layered::new(vec![Setup { names: Names::Encrypted, ..Setup::default() }])).await;
}

#[tokio::test]
async fn unfinished_uploads_end_with_the_state() {
    let desk = Desk::new(Layered::new(vec![Setup::default()])).await;
    let id = desk.store.create_upload(&desk.cx, &desk.bucket, &key("k"), Default::default()).await.unwrap();
    let desk = desk.without_state();
    let name = key("k");
    let upload = store::UploadRef { bucket: &desk.bucket, key: &name, id: &id };
    let part =
        desk.store.put_part(&desk.cx, upload, 1, Body::from_bytes("x".into()), Default::default()).await;
    common::desk::assert_refused!(part, store::StoreErrorKind::Missing(store::Missing::Upload));
    // What it has left in the store can still be removed.
    desk.store.abort_upload(&desk.cx, upload).await.unwrap();
    let left = desk.store.list_uploads(
        &desk.cx,
        &desk.bucket,
        store::ListUploads { limit: 5, ..Default::default() },
    );
    assert_eq!(left.await.unwrap().entries, []);
}

#[tokio::test]
async fn the_provider_sees_noise() {
    let desk = Desk::new(Layered::new(vec![Setup { names: Names::Encrypted, ..Setup::default() }])).await;
    let secret = "a secret that must not be seen ".repeat(100);
    desk.put("secret-folder/secret-name", secret.clone()).await;
    let options = store::ListObjects { limit: 100, ..Default::default() };
    let page = desk.inner.list(&desk.cx, &desk.bucket, options).await.unwrap();
    let text = format!("{page:?}");
    assert!(!text.contains("secret"), "{text}");
    assert!(!text.contains(desk.head("secret-folder/secret-name").await.unwrap().etag.as_str()));
    for entry in page.entries {
        let store::ListEntry::Object(object) = entry else { continue };
        let (_, raw) = desk.raw(object.key.as_str()).await;
        assert!(!raw.windows(6).any(|piece| piece == b"secret"));
    }
    assert_eq!(desk.read("secret-folder/secret-name").await.unwrap().1, secret);
}

#[tokio::test]
async fn an_entity_tag_that_no_footer_holds_is_kept() {
    let desk = Desk::new(Layered::new(vec![Setup::default()])).await;
    let etag = types::ETag::from_text(&"e".repeat(100));
    let identity = store::ObjectIdentity { etag: etag.clone(), checksum: None, part_sizes: Vec::new() };
    let options = PutOptions { identity: store::Identity::Supplied(identity), ..PutOptions::default() };
    let body = Body::from_bytes(pattern(1, 1000));
    desk.store.put(&desk.cx, &desk.bucket, &key("k"), body, options).await.unwrap();
    for _ in 0..2 {
        let (info, bytes) = desk.read("k").await.unwrap();
        assert_eq!((info.etag, bytes), (etag.clone(), pattern(1, 1000)));
    }
    let desk = desk.without_state();
    assert_eq!(desk.read("k").await.unwrap().0.etag, etag);
}
