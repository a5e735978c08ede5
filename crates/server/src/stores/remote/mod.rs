//! Stores on services elsewhere: a client, a ledger, credentials, and the provider's own room.

mod azure;
mod drime;
mod gcs;
mod parts;
mod s3;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use gateway::Reading;
use meta_sqlite::SqliteMeta;
use store::SharedStore;
use types::Owner;

use super::{Base, Engine, Surroundings, readings};
use crate::config::{StoreKind, StoreSettings};
use crate::failure::Failure;
use parts::Parts;
pub(super) use parts::client;

/// Something that will have ended.
pub(crate) type Done = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the room of a provider makes.
pub(super) struct Provider {
    pub(super) port: SharedStore,
    /// Its background work, which ends when the future that it is given has ended.
    pub(super) background: Box<dyn Fn(Done) -> Done + Send + Sync>,
    /// What it has counted beyond its client.
    pub(super) own: Box<dyn Fn() -> Vec<Reading> + Send + Sync>,
}

/// A store on a service elsewhere.
pub(crate) struct RemoteStore {
    kind: &'static str,
    provider: Provider,
    /// What its client has done.
    client: Arc<remote::Stats>,
    /// The engine of its ledger, where that is kept on disk.
    ledger: Option<Arc<SqliteMeta>>,
}

impl RemoteStore {
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn port(&self) -> SharedStore {
        self.provider.port.clone()
    }

    /// Works in the background until `stopped` has ended.
    pub(super) fn run(&self, stopped: Done) -> Done {
        (self.provider.background)(stopped)
    }

    pub(super) fn readings(&self) -> Vec<Reading> {
        let mut all = readings::client(&self.client);
        all.extend(self.ledger.as_ref().map(|meta| readings::sqlite(meta.stats())).unwrap_or_default());
        all.extend((self.provider.own)());
        all
    }
}

/// Makes a store on a service elsewhere. The service is not asked for anything yet.
///
/// # Errors
/// Where the ledger's file or the settings cannot be used.
pub(super) async fn open(settings: &StoreSettings, around: &Surroundings) -> Result<Base, Failure> {
    let name = &settings.name;
    let parts = Parts::open(name, around)?;
    let provider = match &settings.kind {
        StoreKind::Local(_) | StoreKind::Memory(_) | StoreKind::Mirror(_) => {
            return Err(Failure::configuration(format!("store.{name}: is no service elsewhere")));
        }
        StoreKind::S3(s3) => s3::open(name, s3, &parts, around).await?,
        StoreKind::Gcs(gcs) => gcs::open(name, gcs, &parts, around)?,
        StoreKind::Azure(azure) => azure::open(name, azure, &parts, around)?,
        StoreKind::Drime(drime) => drime::open(name, drime, &parts, around)?,
    };
    let (kind, client) = (settings.kind.name(), parts.client.stats());
    Ok(Base {
        engine: Engine::Remote(Arc::new(RemoteStore { kind, provider, client, ledger: parts.engine })),
        shown: settings.kind.to_string(),
    })
}

/// Who owns buckets that nobody else is known to own.
pub(super) fn root_owner() -> Owner {
    iam::owner_of(iam::ROOT_NAME)
}
