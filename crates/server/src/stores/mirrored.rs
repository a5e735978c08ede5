use gateway::Reading;
use store::SharedStore;

use super::{Base, OpenedStore, Surroundings};
use crate::config::{Config, MirrorSettings, StoreSettings};
use crate::failure::Failure;

pub(crate) struct MirrorStore {
    port: SharedStore,
}

impl MirrorStore {
    pub(super) fn port(&self) -> SharedStore {
        self.port.clone()
    }

    pub(super) fn readings(&self) -> Vec<Reading> {
        Vec::new()
    }

    pub(super) async fn run(&self, stop: impl Future<Output = ()>) {
        stop.await;
    }
}

pub(super) async fn open(
    _: &Config,
    store: &StoreSettings,
    _: &MirrorSettings,
    _: &[OpenedStore],
    _: &Surroundings,
) -> Result<Base, Failure> {
    Err(Failure::configuration(&store.name))
}
