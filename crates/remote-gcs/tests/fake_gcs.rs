//! The store keeps the promises of the port on an emulator that others have written: fake-gcs-server.
//!
//! What it lacks, the store finds out: it has no uploads in parts (they are composed), lets rewrites and compositions pass
//! whatever their condition (conditional writes are refused), and pages folded listings in its own way (they are folded
//! here). It removes a bucket beside a write into it, which is told of every endpoint but Cloud Storage.

#![allow(clippy::unwrap_used, reason = "a step that fails is a failed test")]

mod common;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conformance::store::StoreWorld;
use meta::MemoryMeta;
use remote_gcs::{Credentials, GcsOptions, GcsStore, Trust};
use store::SharedStore;

use crate::common::{PART_MIN_BYTES, options};

/// The variable that names the program.
const PROGRAM: &str = "SLUICE_TEST_FAKE_GCS";
/// How long it may take to listen.
const START_MAX: Duration = Duration::from_secs(20);

/// The emulator, ended with the process.
struct Emulator {
    address: SocketAddr,
    _child: Ended,
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Emulator {
    fn start() -> Self {
        #[allow(clippy::disallowed_methods, reason = "whoever installs the program says where it is")]
        let program = std::env::var(PROGRAM).unwrap_or_else(|_| {
            panic!("{PROGRAM} names no program: `cargo xtask test` installs fake-gcs-server and sets it")
        });
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let (port, public) = (address.port().to_string(), address.to_string());
        let child = Command::new(program)
            .args(["-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-log-level", "error"])
            .args(["-port", &port, "-public-host", &public])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let emulator = Self { address, _child: Ended(child) };
        let begun = std::time::Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < START_MAX, "fake-gcs-server does not listen");
            std::thread::yield_now();
        }
        emulator
    }
}

/// One emulator per world: worlds begin empty.
struct FakeWorld {
    emulator: Emulator,
    meta: MemoryMeta,
}

impl FakeWorld {
    fn new() -> Self {
        Self { emulator: Emulator::start(), meta: MemoryMeta::default() }
    }

    fn store(&self) -> GcsStore {
        let url = format!("http://{}", self.emulator.address);
        let options = options(&url, Credentials::Anonymous, self.meta.clone());
        GcsStore::new(GcsOptions { trust: Trust::Probe, ..options })
    }
}

#[async_trait]
impl StoreWorld for FakeWorld {
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

conformance::store_suite!(ignored "needs fake-gcs-server; cargo xtask test runs it", FakeWorld::new());
