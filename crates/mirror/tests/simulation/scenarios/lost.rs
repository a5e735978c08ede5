//! Objects whose only holder has lost them.

use super::*;

/// Takes an object away at a target, behind the mirror's back.
async fn lose(world: &World, place: usize, name: &str) {
    let target = &world.targets[place].store;
    let at = target.bucket(&cx(), &bucket_name()).await.unwrap();
    target.delete(&cx(), &at, &key(name), DeleteOptions::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_repaired_keep_no_others_from_it() {
    let world = world(WritePolicy::Any);
    let (process, bucket) = begin(&world).await;
    world.targets[1].faults.set(Mood::Down);
    for number in 0..20 {
        let name = format!("bad/{number}");
        put(&process.store, &bucket, &name, SMALL).await;
        lose(&world, 0, &name).await;
    }
    put(&process.store, &bucket, "good", SMALL).await;
    world.heal();
    tokio::time::sleep(Duration::from_secs(900)).await;
    let there = world.targets[1].store.bucket(&cx(), &bucket_name()).await.unwrap();
    assert_eq!(content(&world.targets[1].store, &there, "good").await, Some(SMALL));
    assert_eq!(process.owed_operations().await, 20);
}

/// What is done to a key whose only holder is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Put,
    Delete,
}

#[tokio::test(start_paused = true)]
async fn a_key_that_nobody_holds_any_more_takes_writes() {
    for then in [Then::Put, Then::Delete] {
        let mut world = world(WritePolicy::Any);
        let (process, bucket) = begin(&world).await;
        put(&process.store, &bucket, "k", Content { number: 1, ..SMALL }).await;
        drained(&process).await;
        world.targets[1].faults.set(Mood::Down);
        put(&process.store, &bucket, "k", SMALL).await;
        process.stop().await;
        world.replace_disk(0);
        world.heal();
        let process = world.begin(Life::long()).await.unwrap();
        verify(&process, Depth::Shallow, Start::Anew, Remedy::Report, |_| {}).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert!(process.owed_operations().await > 0, "nobody has it");
        let options = DeleteOptions::default();
        match then {
            Then::Put => put(&process.store, &bucket, "k", CONTENT).await,
            Then::Delete => {
                process.store.delete(&cx(), &bucket, &key("k"), options).await.unwrap();
            }
        }
        drained(&process).await;
        let expected = (then == Then::Put).then_some(CONTENT);
        for target in &world.targets {
            let there = target.store.bucket(&cx(), &bucket_name()).await.unwrap();
            assert_eq!(content(&target.store, &there, "k").await, expected, "{then:?}");
        }
        assert_eq!(content(&process.store, &bucket, "k").await, expected, "{then:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_while_a_back_fill_looks_stays_where_it_is() {
    for offset in 0..60 {
        let mut world = world(WritePolicy::Any);
        let (process, bucket) = begin(&world).await;
        put(&process.store, &bucket, "k", SMALL).await;
        drained(&process).await;
        process.stop().await;
        world.replace_disk(0);
        let process = world.begin(Life::long()).await.unwrap();
        verify(&process, Depth::Shallow, Start::Anew, Remedy::Report, |_| {}).await;
        world.targets[1].faults.set(Mood::Down);
        world.targets[0].faults.set(Mood::Slow(Duration::from_millis(400)));
        tokio::time::sleep(Duration::from_millis(offset * 200)).await;
        let body = Body::from_bytes(CONTENT.bytes());
        let done = process.store.put(&cx(), &bucket, &key("k"), body, PutOptions::default()).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        if done.is_ok() {
            let there = content(&process.store, &bucket, "k").await;
            assert_eq!(there, Some(CONTENT), "put {offset} steps after the loss");
        }
    }
}
