use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::stores::{Assembled, Engine, OpenedStore};

/// The background work of all stores: mirrors and caches end before what they are made of, and all of it behind the last
/// request.
pub(super) struct Below {
    above: Work,
    stores: Work,
}

/// Work that ends when it is told to.
struct Work {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

impl Below {
    pub(super) fn start(stores: &Assembled) -> Self {
        let is_mirror = |store: &&OpenedStore| matches!(store.engine, Engine::Mirror(_));
        let (mirrors, others) = stores.opened.iter().partition(is_mirror);
        let mut above = Work::start(mirrors);
        for cache in stores.caches.all() {
            let cache = cache.clone();
            let mut stop = above.stop.subscribe();
            // A sender that is gone is a server that has stopped.
            above
                .running
                .spawn(async move { cache.run(async { drop(stop.wait_for(|stop| *stop).await) }).await });
        }
        Self { above, stores: Work::start(others) }
    }

    pub(super) async fn stop(self) {
        self.above.stop().await;
        self.stores.stop().await;
    }
}

impl Work {
    fn start(stores: Vec<&OpenedStore>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        for store in stores {
            running.spawn(store.work(stopped.clone()));
        }
        Self { stop, running }
    }

    async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.running.join_next().await.is_some() {}
    }
}
