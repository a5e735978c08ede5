use bytes::Bytes;
use meta::{Commit, MetaStore};
use store::{
    BucketStore, DeleteOptions, DeleteTarget, ListObjects, ObjectStore, OpenOptions, PutOptions,
    StoreErrorKind,
};
use types::{Body, BucketName, Context, ObjectKey, TagSet};

use crate::keys::{self, Family};
use crate::testing::{World, owner};

/// One record that cannot be read is that object's damage and nobody else's.
#[tokio::test]
async fn a_damaged_record_fails_alone() {
    let (world, cx) = (World::new(), Context::background());
    let store = world.open();
    let name = BucketName::new("bucket").unwrap();
    let bucket = store.create_bucket(&cx, &name, &owner(), &TagSet::default()).await.unwrap();
    let names: Vec<ObjectKey> = (0..5).map(|n| ObjectKey::new(&format!("k{n}")).unwrap()).collect();
    for key in &names {
        let body = Body::from_bytes(vec![1; 100].into());
        store.put(&cx, &bucket, key, body, PutOptions::default()).await.unwrap();
    }
    let mut commit = Commit::default();
    commit.put(keys::plain(Family::Current, &bucket, &names[2]), Bytes::from_static(&[0xEE]));
    world.meta.commit(commit).await.unwrap();
    let opened = store.open(&cx, &bucket, &names[2], OpenOptions::default()).await;
    assert!(matches!(opened.err().unwrap().kind, StoreErrorKind::Corrupt));
    store.open(&cx, &bucket, &names[1], OpenOptions::default()).await.unwrap();
    let target = |key: &ObjectKey| DeleteTarget { key: key.clone(), options: DeleteOptions::default() };
    let targets = names.iter().map(target).collect();
    let outcomes = store.delete_many(&cx, &bucket, targets).await.unwrap();
    for (place, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(_) => assert_ne!(place, 2),
            Err(error) => assert!(place == 2 && matches!(error.kind, StoreErrorKind::Corrupt), "{error}"),
        }
    }
    let listed = store.list(&cx, &bucket, ListObjects { limit: 10, ..ListObjects::default() }).await;
    assert!(matches!(listed.unwrap_err().kind, StoreErrorKind::Corrupt));
}
