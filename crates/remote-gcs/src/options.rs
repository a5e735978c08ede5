use std::sync::Arc;

use remote::{Client, Ledger};
use types::{Clock, Owner, Random};

use crate::Credentials;

/// Google's own endpoint.
pub const ENDPOINT: &str = "https://storage.googleapis.com";

/// What a store is made of.
pub struct GcsOptions {
    /// Scheme and authority: [`ENDPOINT`], or an emulator's.
    pub endpoint: String,
    /// The project in which buckets are listed and made. Without one they cannot be; the buckets named in settings work
    /// all the same.
    pub project: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
    /// Sends requests to the endpoint.
    pub client: Client,
    /// Asks for tokens; a client of its own, so that trouble there and here are told apart.
    pub token_client: Client,
    /// What Cloud Storage has no room for.
    pub ledger: Ledger,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where names of temporary objects come from.
    pub random: Arc<dyn Random>,
    /// Who owns buckets without a recorded owner.
    pub root_owner: Owner,
    /// Whether what the documentation promises has to be shown first.
    pub trust: Trust,
    /// Sizes and times.
    pub limits: GcsLimits,
}

/// How far an endpoint is believed to be Cloud Storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// It is: what is documented is relied on.
    #[default]
    Documented,
    /// It may be an emulator: a few requests under a reserved name show at the first use of a bucket what it honours, and
    /// what it does not is refused.
    Probe,
}

/// Sizes that differ between Cloud Storage and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcsLimits {
    /// The smallest part but the last.
    pub part_min_bytes: u64,
    /// Bodies up to this are taken whole before they are sent, so that their checksum rides in the same request.
    pub small_max_bytes: u64,
    /// Bodies of unknown length are sent in pieces of this size, a multiple of 256 KiB.
    pub chunk_bytes: usize,
}

impl Default for GcsLimits {
    fn default() -> Self {
        Self { part_min_bytes: 5 << 20, small_max_bytes: 256 << 10, chunk_bytes: 2 << 20 }
    }
}
