//! Worlds that the tests of the store share.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]
#![allow(dead_code, reason = "each test uses what it needs")]

pub(crate) mod independent;
pub(crate) mod process;
pub(crate) mod sluice;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use meta::MemoryMeta;
use remote::{Client, ClientOptions, Ledger, Limits, Roots};
use remote_s3::{Addressing, Conditional, Credentials, Endpoint, S3Options, S3Store, Secret};
use types::{Budget, CanonicalId, Owner, Random, SystemClock};

/// Numbers that look random and repeat with the seed.
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed)))
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (number ^ number >> 31).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

pub(crate) const KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "secret-of-the-tests";

pub(crate) fn credentials() -> Credentials {
    Credentials {
        access_key_id: KEY_ID.to_owned(),
        secret: Secret::new(SECRET),
        session_token: None,
        expires_at: None,
    }
}

pub(crate) fn budget() -> Budget {
    Budget::new(64 << 20)
}

/// Options of a store on `url`, with a client of its own and so much memory for bodies.
pub(crate) fn options_within(budget: &Budget, url: &str, limits: Limits) -> S3Options {
    let (clock, random) = (Arc::new(SystemClock), Seeded::new(7));
    let client = Client::new(ClientOptions {
        name: "far".to_owned(),
        budget: budget.clone(),
        clock: clock.clone(),
        random: random.clone(),
        limits,
        roots: Roots::System,
    });
    S3Options {
        endpoint: Endpoint::parse(url, Addressing::Path).unwrap(),
        region: None,
        credentials: Arc::new(credentials()),
        conditional: Conditional::Probe,
        client: client.unwrap(),
        ledger: Ledger::new(Arc::new(MemoryMeta::default())),
        budget: budget.clone(),
        clock,
        random,
        root_owner: Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "root".into() },
    }
}

/// Options of a store on `url`, with a client of its own.
pub(crate) fn options(url: &str, addressing: Addressing, ledger: MemoryMeta, limits: Limits) -> S3Options {
    S3Options {
        endpoint: Endpoint::parse(url, addressing).unwrap(),
        ledger: Ledger::new(Arc::new(ledger)),
        ..options_within(&budget(), url, limits)
    }
}

pub(crate) fn store(options: S3Options) -> S3Store {
    S3Store::new(options)
}
