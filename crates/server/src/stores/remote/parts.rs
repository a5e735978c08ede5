use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use meta::{MemoryMeta, MetaStore};
use meta_sqlite::{SqliteMeta, SqliteOptions};
use remote::{Client, ClientOptions, Ledger, Limits, Roots};

use crate::config::Durability;
use crate::failure::Failure;
use crate::state::make_dir;
use crate::stores::Surroundings;
use crate::stores::local::meta_failure;

/// The directory, in the state directory, of what is kept for stores elsewhere.
const STORES_DIR: &str = "stores";
/// The ledger's file in a store's directory.
const LEDGER_FILE: &str = "ledger.sqlite";
/// Bytes of a ledger's pages kept in memory. A ledger is read by key, and there may be many.
const LEDGER_CACHE_BYTES: usize = 8 << 20;

/// How long an issuer of credentials may take to answer.
const CREDENTIALS_MAX_WAIT: Duration = Duration::from_secs(10);

/// What a store elsewhere is made of, whatever its provider.
pub(super) struct Parts {
    pub(super) client: Client,
    pub(super) ledger: Ledger,
    /// The ledger's engine, where it is kept on disk.
    pub(super) engine: Option<Arc<SqliteMeta>>,
}

impl Parts {
    /// Opens the ledger and makes a client, which connects to nothing yet.
    ///
    /// # Errors
    /// Where the ledger's file cannot be used.
    pub(super) fn open(name: &str, around: &Surroundings) -> Result<Self, Failure> {
        let client = client(name, around, Limits::default())?;
        let engine = match &around.state_dir {
            Some(dir) => Some(Arc::new(open_ledger(&dir.join(STORES_DIR).join(name), around.durability)?)),
            None => None,
        };
        let meta: Arc<dyn MetaStore> = match &engine {
            Some(engine) => engine.clone(),
            None => Arc::new(MemoryMeta::default()),
        };
        Ok(Self { client, ledger: Ledger::new(meta), engine })
    }
}

impl Parts {
    /// A client for whoever issues credentials, whose failures are not the service's.
    ///
    /// # Errors
    /// As [`Parts::open`].
    pub(super) fn client_for_credentials(
        &self,
        name: &str,
        around: &Surroundings,
    ) -> Result<Client, Failure> {
        let limits = Limits { first_byte: CREDENTIALS_MAX_WAIT, ..Limits::default() };
        client(&format!("{name} credentials"), around, limits)
    }
}

fn client(name: &str, around: &Surroundings, limits: Limits) -> Result<Client, Failure> {
    let options = ClientOptions {
        name: name.to_owned(),
        budget: around.budget.clone(),
        clock: around.clock.clone(),
        random: around.random.clone(),
        limits,
        roots: Roots::System,
    };
    Client::new(options).map_err(|error| Failure::new(format!("store.{name}: {error}")))
}

fn open_ledger(dir: &Path, durability: Durability) -> Result<SqliteMeta, Failure> {
    make_dir(dir)?;
    let path = dir.join(LEDGER_FILE);
    let durability = match durability {
        Durability::Strict => meta_sqlite::Durability::Strict,
        Durability::Relaxed => meta_sqlite::Durability::Relaxed,
    };
    let options = SqliteOptions { durability, cache_bytes: LEDGER_CACHE_BYTES, ..SqliteOptions::default() };
    SqliteMeta::open(&path, options).map_err(|error| meta_failure(&path, &error))
}
