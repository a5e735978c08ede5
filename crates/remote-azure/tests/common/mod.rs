//! Worlds and clients that the tests of the store share.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]
#![allow(dead_code, reason = "each test uses what it needs")]

pub(crate) mod azurite;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use conformance::store::StoreWorld;
use meta::MemoryMeta;
use remote::{Client, ClientOptions, Ledger, Limits, Roots};
use remote_azure::{AzureOptions, AzureStore, Credential, Endpoint, parse_connection_string};
use store::SharedStore;
use stubs::azure::{Settings, Stub};
use types::{BucketName, Budget, CanonicalId, Clock, Owner, Random, SystemClock};

/// Small parts, so that cases with many of them stay quick.
pub(crate) const PART_MIN_BYTES: u64 = 1024;

/// Numbers that look random, each once.
pub(crate) struct Numbers(AtomicU64);

impl Numbers {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(1)))
    }
}

impl Random for Numbers {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let number = (number ^ number >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) fn client(limits: Limits) -> Client {
    client_within(64 << 20, limits)
}

/// A client with so much memory for bodies.
pub(crate) fn client_within(budget_bytes: usize, limits: Limits) -> Client {
    let options = ClientOptions {
        name: "azure".to_owned(),
        budget: Budget::new(budget_bytes),
        clock: Arc::new(SystemClock),
        random: Numbers::new(),
        limits,
        roots: Roots::System,
    };
    Client::new(options).unwrap()
}

pub(crate) fn root() -> Owner {
    Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "root".into() }
}

pub(crate) fn options(endpoint: Endpoint, credential: Credential, meta: MemoryMeta) -> AzureOptions {
    AzureOptions {
        endpoint,
        credential,
        client: client(Limits::default()),
        ledger: Ledger::new(Arc::new(meta)),
        clock: Arc::new(SystemClock),
        random: Numbers::new(),
        root_owner: root(),
        staging: BucketName::new("sluice-staging").unwrap(),
        part_min_bytes: PART_MIN_BYTES,
    }
}

/// The stand-in and our own records.
pub(crate) struct StubWorld {
    pub(crate) stub: Stub,
    pub(crate) meta: MemoryMeta,
}

impl StubWorld {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { stub: Stub::start(settings).unwrap(), meta: MemoryMeta::default() }
    }

    pub(crate) fn options(&self) -> AzureOptions {
        let (endpoint, credential) = parse_connection_string(&self.stub.connection_string()).unwrap();
        options(endpoint, credential, self.meta.clone())
    }

    pub(crate) fn store(&self) -> AzureStore {
        AzureStore::new(self.options())
    }

    /// A store at another time.
    pub(crate) fn store_at(&self, clock: Arc<dyn Clock>) -> AzureStore {
        AzureStore::new(AzureOptions { clock, ..self.options() })
    }
}

#[async_trait]
impl StoreWorld for StubWorld {
    async fn open(&self) -> SharedStore {
        Arc::new(self.store())
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
