//! The store keeps the promises of the port on Azurite, the emulator from the registry.
//!
//! `SLUICE_TEST_AZURITE` names the executable `azurite-blob`; `cargo xtask test` installs it and sets the variable.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use conformance::store::StoreWorld;
use meta::MemoryMeta;
use remote_azure::AzureStore;
use store::SharedStore;

use common::azurite::Azurite;

/// One emulator for all cases; each case has an account of its own.
struct AzuriteWorld {
    account: String,
    meta: MemoryMeta,
}

impl AzuriteWorld {
    fn new() -> Self {
        static CASES: AtomicU64 = AtomicU64::new(0);
        let account = format!("case{}", CASES.fetch_add(1, Ordering::Relaxed));
        Self { account, meta: MemoryMeta::default() }
    }
}

#[async_trait]
impl StoreWorld for AzuriteWorld {
    async fn open(&self) -> SharedStore {
        let (endpoint, credential) = Azurite::shared().account(&self.account);
        Arc::new(AzureStore::new(common::options(endpoint, credential, self.meta.clone())))
    }

    fn part_min_bytes(&self) -> u64 {
        common::PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}

conformance::store_suite!(ignored "needs Azurite; cargo xtask test runs it", AzuriteWorld::new());
