//! Worlds and clients that the tests of the store share.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]
#![allow(dead_code, reason = "each test uses what it needs")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conformance::store::StoreWorld;
use meta::MemoryMeta;
use remote::{Client, ClientOptions, Ledger, Limits, Roots};
use remote_gcs::{Credentials, GcsLimits, GcsOptions, GcsStore, Trust};
use store::SharedStore;
use stubs::gcs::{Settings, Stub};
use types::{Budget, CanonicalId, Clock, Owner, Random, SystemClock, Timestamp};

/// Small parts, so that cases with many of them stay quick.
pub(crate) const PART_MIN_BYTES: u64 = 1024;

/// Numbers that look random, each once.
pub(crate) struct Numbers(AtomicU64);

impl Numbers {
    pub(crate) fn shared() -> Arc<Self> {
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

/// A clock that runs ahead.
pub(crate) struct Ahead(pub(crate) Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(self.0)
    }
}

pub(crate) fn client(limits: Limits) -> Client {
    client_within(64 << 20, limits)
}

/// A client with so much memory for bodies.
pub(crate) fn client_within(budget_bytes: usize, limits: Limits) -> Client {
    let options = ClientOptions {
        name: "gcs".to_owned(),
        budget: Budget::new(budget_bytes),
        clock: Arc::new(SystemClock),
        random: Numbers::shared(),
        limits,
        roots: Roots::System,
    };
    Client::new(options).unwrap()
}

pub(crate) fn root() -> Owner {
    Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "root".into() }
}

pub(crate) fn options(endpoint: &str, credentials: Credentials, meta: MemoryMeta) -> GcsOptions {
    GcsOptions {
        endpoint: endpoint.to_owned(),
        project: Some("project".to_owned()),
        credentials,
        client: client(Limits::default()),
        token_client: client(Limits::default()),
        ledger: Ledger::new(Arc::new(meta)),
        clock: Arc::new(SystemClock),
        random: Numbers::shared(),
        root_owner: root(),
        trust: Trust::Documented,
        limits: GcsLimits {
            part_min_bytes: PART_MIN_BYTES,
            small_max_bytes: 64 << 10,
            chunk_bytes: 256 << 10,
        },
    }
}

pub(crate) fn settings() -> Settings {
    Settings { part_min_bytes: PART_MIN_BYTES, ..Settings::default() }
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

    /// Options for a store that reaches the stand-in at `url`.
    pub(crate) fn options_at(&self, url: &str) -> GcsOptions {
        let credentials = Credentials::from_json(&self.stub.service_account_json(&self.stub.url())).unwrap();
        options(url, credentials, self.meta.clone())
    }

    pub(crate) fn store(&self) -> GcsStore {
        GcsStore::new(self.options_at(&self.stub.url()))
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
