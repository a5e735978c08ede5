//! Many writers of one key, of every kind: targets end alike.

use mirror::WritePolicy;
use store::{DeleteOptions, ObjectStore, PutOptions, StoreErrorKind, WriteCondition};
use types::{Body, TagSet};

use crate::world::{World, cx, key};

const ROUNDS: u64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_every_kind_at_one_key_leave_all_targets_alike() {
    let world = World::of(3, WritePolicy::All).await;
    world.put(&cx(), "k", Body::from_bytes(vec![0; 10].into())).await.unwrap();
    let mut tasks = Vec::new();
    for number in 0..ROUNDS {
        let (mirror, bucket) = (world.mirror.clone(), world.bucket.clone());
        tasks.push(tokio::spawn(async move {
            let (cx, key) = (cx(), key("k"));
            match number % 4 {
                0 | 1 => {
                    let body = Body::from_bytes(vec![number as u8; 10 + number as usize].into());
                    mirror.put(&cx, &bucket, &key, body, PutOptions::default()).await.unwrap();
                }
                2 => {
                    mirror.delete(&cx, &bucket, &key, DeleteOptions::default()).await.unwrap();
                }
                _ => {
                    let tags = TagSet::new(vec![("n".to_owned(), number.to_string())], 10).unwrap();
                    match mirror.set_tags(&cx, &bucket, &key, None, tags).await {
                        Ok(_) => {}
                        Err(error) => assert!(matches!(error.kind, StoreErrorKind::Missing(_)), "{error}"),
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let all = [world.at(0, "k").await, world.at(1, "k").await, world.at(2, "k").await];
    assert!(all[0] == all[1] && all[1] == all[2]);
    assert_eq!(world.owed_keys().await, [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_creators_one_wins_at_every_target() {
    let world = World::of(2, WritePolicy::Quorum).await;
    for round in 0..20_u8 {
        let name = format!("k{round}");
        let create = |fill: u8| {
            let (mirror, bucket, key) = (world.mirror.clone(), world.bucket.clone(), key(&name));
            tokio::spawn(async move {
                let options = PutOptions { condition: WriteCondition::IfAbsent, ..PutOptions::default() };
                mirror.put(&cx(), &bucket, &key, Body::from_bytes(vec![fill; 5].into()), options).await
            })
        };
        let (one, other) = (create(1), create(2));
        let (one, other) = (one.await.unwrap(), other.await.unwrap());
        assert!(one.is_ok() != other.is_ok());
        let winner = vec![if one.is_ok() { 1 } else { 2 }; 5];
        assert_eq!(
            (world.at(0, &name).await, world.at(1, &name).await),
            (Some(winner.clone()), Some(winner))
        );
    }
}
