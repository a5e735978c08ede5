//! A stand-in of Azure Blob Storage in memory, addressed as the emulators are: `http://HOST:PORT/ACCOUNT/CONTAINER/BLOB`.
//!
//! Holds its callers to what the REST reference says: signatures, names, metadata, limits, what a commit does to the
//! blocks of others.

mod answer;
mod auth;
mod blobs;
mod blocks;
mod conditions;
mod containers;
mod copies;
mod handle;
mod listing;
mod message;
mod state;
mod tags;
mod tokens;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use types::{Clock, SystemClock};

use crate::server::Server;
use state::State;

/// The emulators' well-known account.
const ACCOUNT: &str = "devstoreaccount1";
/// The emulators' well-known key, which opens nothing but emulators.
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Which operations that read from a URL the stand-in has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FromUrl {
    /// All of them.
    #[default]
    All,
    /// Copy Blob and Copy Blob From URL alone, as the emulator from the registry.
    CopyOnly,
}

/// How the stand-in behaves.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 is a free one.
    pub listen: SocketAddr,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Which operations there are.
    pub from_url: FromUrl,
    /// How often an asynchronous copy is seen as pending before it is done.
    pub copy_polls: u32,
    /// Whether asynchronous copies end badly.
    pub copies: Copies,
    /// The most entries in a page of a listing, whatever is asked.
    pub page_max: usize,
    /// How long tokens are good for, in seconds.
    pub token_lifetime_secs: u64,
}

/// How asynchronous copies end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Copies {
    /// Well.
    #[default]
    Succeed,
    /// They fail, and leave the target with no bytes.
    Fail,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Arc::new(SystemClock),
            from_url: FromUrl::All,
            copy_polls: 0,
            copies: Copies::Succeed,
            page_max: 5000,
            token_lifetime_secs: 3600,
        }
    }
}

/// The stand-in, running until it is dropped.
pub struct Stub {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Stub {
    /// Starts it, empty.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let listen = settings.listen;
        let state = Arc::new(Mutex::new(State::new(settings)));
        let shared = state.clone();
        let server = Server::start(listen, move |request| {
            let answer = handle::handle(&mut lock(&shared), &request);
            async move { answer }
        })?;
        Ok(Self { server, state })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The account's endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/{ACCOUNT}", self.address())
    }

    /// The account's name.
    #[must_use]
    pub fn account(&self) -> &'static str {
        ACCOUNT
    }

    /// The account's key in Base64.
    #[must_use]
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// The connection string of the account.
    #[must_use]
    pub fn connection_string(&self) -> String {
        format!(
            "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={};",
            self.url()
        )
    }

    /// A shared access signature over the whole account with these permissions, good until `expiry`
    /// (`2030-01-01T00:00:00Z`).
    #[must_use]
    pub fn account_sas(&self, permissions: &str, expiry: &str) -> String {
        auth::account_sas(permissions, expiry)
    }

    /// URL and credentials on one line.
    #[must_use]
    pub fn banner(&self) -> String {
        self.connection_string()
    }

    /// The names of a container's committed blobs; none where there is no such container.
    #[must_use]
    pub fn blobs(&self, container: &str) -> Vec<String> {
        lock(&self.state).blob_names(container)
    }

    /// How many uncommitted blocks a container holds.
    #[must_use]
    pub fn uncommitted_blocks(&self, container: &str) -> usize {
        lock(&self.state).uncommitted(container)
    }

    /// How many tokens were issued so far.
    #[must_use]
    pub fn tokens_issued(&self) -> usize {
        lock(&self.state).tokens.issued()
    }

    /// Declares all tokens issued so far void.
    pub fn revoke_tokens(&self) {
        lock(&self.state).tokens.revoke();
    }

    /// Puts a blob as another tool would, with these headers.
    ///
    /// # Panics
    /// Where the container is not there.
    pub fn put_foreign(&self, container: &str, name: &str, bytes: &[u8], headers: &[(&str, &str)]) {
        lock(&self.state).put_foreign(container, name, bytes, headers);
    }

    /// What a committed blob's metadata are, as they were sent.
    #[must_use]
    pub fn metadata(&self, container: &str, name: &str) -> Vec<(String, String)> {
        lock(&self.state).metadata(container, name)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
