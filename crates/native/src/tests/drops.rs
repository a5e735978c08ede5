use std::sync::Arc;
use std::task::Poll;

use crate::testing::{World, YieldingMeta, audit, workload};

/// Every how many polls the workload is dropped: a number without a common factor with what an operation polls.
const STRIDE: usize = 23;

/// Polls the workload so often, and drops it. Returns whether it was still under way.
async fn drop_after(polls: usize) -> bool {
    let world = World::new();
    let store = world.open_over(Arc::new(YieldingMeta(world.meta.clone())));
    let mut running = Box::pin(workload(&store));
    let mut is_done = false;
    for _ in 0..polls {
        let poll = std::future::poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx)));
        if let Poll::Ready(done) = poll.await {
            done.unwrap();
            is_done = true;
            break;
        }
    }
    drop(running);
    // In this process nothing of what was dropped may be lost or broken; what is in doubt is left to the next.
    store.collect_once().await.unwrap();
    drop(store);
    let world = world.restarted();
    world.open().collect_once().await.unwrap();
    audit(&world).await;
    !is_done
}

#[tokio::test]
async fn an_operation_dropped_anywhere_leaves_no_damage_and_no_litter() {
    let mut polls = 0;
    while drop_after(polls).await {
        polls += STRIDE;
    }
    assert!(polls > 1000, "the workload ends after {polls} polls");
}
