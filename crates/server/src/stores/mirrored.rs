use gateway::Reading;
use store::SharedStore;

/// A store made of stores.
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
}
