//! Random histories, compared with a reference model after every step and as a whole.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::test_runner::{Config, TestRunner};
use store::Versioning;
use tokio::runtime::Handle;

use crate::store::StoreWorld;
use crate::store::desk::Desk;
use crate::store::model::{Play, Step, steps};

const HISTORIES: u32 = 96;

/// Random histories match a plain model.
pub async fn random_histories_match_a_plain_model(world: &dyn StoreWorld) {
    let desk = Desk::new(world).await;
    let capabilities = desk.store.capabilities(&desk.bucket);
    let whole = [
        capabilities.versioning,
        capabilities.multipart,
        capabilities.conditional_put,
        capabilities.conditional_copy,
        capabilities.conditional_delete,
        capabilities.copy,
        capabilities.object_tags,
        capabilities.any_key,
    ];
    if !whole.into_iter().all(store::Support::is_yes) {
        return;
    }
    let played = AtomicUsize::new(0);
    let play = async |steps: Vec<Step>| {
        let name = format!("history-{}", played.fetch_add(1, Ordering::Relaxed));
        let mut desk = Desk {
            bucket: desk.another_bucket(&name).await,
            store: desk.store.clone(),
            cx: desk.cx.clone(),
            part_min_bytes: desk.part_min_bytes,
        };
        if !steps.len().is_multiple_of(3) {
            desk.set_versioning(Versioning::Enabled).await;
        }
        let mut play = Play::new(desk);
        for step in steps {
            play.step(step).await;
        }
        play.compare().await;
    };
    let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
    let outcome = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&steps(), |steps| {
            Handle::current().block_on(play(steps));
            Ok(())
        })
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
