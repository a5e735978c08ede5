//! Stores on services elsewhere: a client, a ledger, credentials, and the provider's own room.

mod parts;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use gateway::Reading;
use layers::Observe;
use meta_sqlite::SqliteMeta;
use store::SharedStore;

use super::{Engine, OpenedStore, Surroundings, readings};
use crate::config::{StoreKind, StoreSettings};
use crate::failure::Failure;

/// Something that will have ended.
pub(crate) type Done = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store on a service elsewhere.
pub(crate) struct RemoteStore {
    pub(super) port: SharedStore,
    /// Its background work, which ends when the future that it is given has ended.
    pub(super) background: Box<dyn Fn(Done) -> Done + Send + Sync>,
    /// What its client has done.
    pub(super) client: Arc<remote::Stats>,
    /// What its provider's room has counted.
    pub(super) own: Box<dyn Fn() -> Vec<Reading> + Send + Sync>,
    /// The engine of its ledger, where that is kept on disk.
    pub(super) ledger: Option<Arc<SqliteMeta>>,
}

impl RemoteStore {
    pub(super) fn readings(&self) -> Vec<Reading> {
        let mut all = readings::client(&self.client);
        all.extend(self.ledger.as_ref().map(|meta| readings::sqlite(meta.stats())).unwrap_or_default());
        all.extend((self.own)());
        all
    }
}

/// Makes a store on a service elsewhere. The service is not asked for anything yet.
///
/// # Errors
/// Where the ledger's file or the credentials cannot be used.
pub(super) async fn open(settings: &StoreSettings, around: &Surroundings) -> Result<OpenedStore, Failure> {
    let name = &settings.name;
    let parts = parts::Parts::open(name, around)?;
    let _ = (&parts.client, &parts.ledger, &parts.engine);
    match &settings.kind {
        StoreKind::Local(_) | StoreKind::Memory(_) => {
            unreachable!("stores on this machine are opened elsewhere")
        }
        StoreKind::S3(_) | StoreKind::Gcs(_) | StoreKind::Azure(_) | StoreKind::Drime(_) => {
            Err(Failure::configuration(format!("store.{name}.kind: not part of this build")))
        }
    }
}
