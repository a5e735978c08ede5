use std::sync::Arc;
use std::time::Duration;

use meta_sqlite::SqliteMeta;
use remote::{Client, ClientOptions, Ledger, Limits, Roots};

use crate::failure::Failure;
use crate::stores::{For, Surroundings, keep};

/// The ledger's file in a store's directory.
const LEDGER_FILE: &str = "ledger.sqlite";
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
        let client = client(&format!("store.{name}"), around, Limits::default())?;
        let kept = keep(For::Store(name), LEDGER_FILE, around)?;
        Ok(Self { client, ledger: Ledger::new(kept.meta), engine: kept.engine })
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
        client(&format!("store.{name} credentials"), around, limits)
    }
}

/// A client without connections.
///
/// # Errors
/// Where it cannot be made.
pub(in crate::stores) fn client(
    name: &str,
    around: &Surroundings,
    limits: Limits,
) -> Result<Client, Failure> {
    let options = ClientOptions {
        name: name.to_owned(),
        budget: around.budget.clone(),
        clock: around.clock.clone(),
        random: around.random.clone(),
        limits,
        roots: Roots::System,
    };
    Client::new(options).map_err(|error| Failure::new(format!("{name}: {error}")))
}
