//! Another Sluice behind the store: a native store in memory, served on loopback with every signature checked.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use blob::MemoryBlobs;
use conformance::store::StoreWorld;
use gateway::{Gateway, GatewayParts, Limits as GatewayLimits, Listener};
use iam::Principal;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use remote::Limits;
use remote_s3::Addressing;
use s3_auth::{AccessKey, AuthSettings, Keyring, Verifier};
use s3_wire::Scheme;
use service::{Service, ServiceSettings};
use store::SharedStore;
use tokio::sync::{OnceCell, watch};
use types::{Ceiling, SystemClock};

use super::{KEY_ID, SECRET, Seeded, budget, options, store};

/// Small parts, so that cases with many of them stay quick.
pub(crate) const PART_MIN_BYTES: u64 = 1024;

/// A server that ends with its test.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) store: SharedStore,
    _stop: watch::Sender<bool>,
}

impl Upstream {
    /// Starts a server; buckets may be named before `localhost`.
    pub(crate) fn start() -> Self {
        let native = NativeStore::new(
            Arc::new(MemoryMeta::default()),
            Arc::new(MemoryBlobs::new(Ceiling::unlimited())),
            NativeOptions { part_min_bytes: PART_MIN_BYTES, ..NativeOptions::new(Seeded::new(1)) },
        );
        let collector = native.clone();
        tokio::spawn(async move { collector.run_collector(std::future::pending()).await });
        let store: SharedStore = Arc::new(native);
        let root = AccessKey::new(KEY_ID, s3_auth::Secret::new(SECRET), Arc::new(Principal::root()));
        let keyring = Keyring::new([root.unwrap()]).unwrap();
        let gateway = Gateway::new(GatewayParts {
            service: Service::new(store.clone(), ServiceSettings::default()),
            verifier: Verifier::new(keyring.into(), AuthSettings::default()),
            addressing: s3_wire::Addressing::new(["localhost".to_owned()]),
            intake: budget(),
            scheme: Scheme::Http,
            limits: GatewayLimits::default(),
            access_log: None,
            clock: Arc::new(SystemClock),
            random: Seeded::new(2),
        });
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), None).unwrap();
        let address = listener.address().unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(gateway.serve(listener, stopped));
        Self { address, store, _stop: stop }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }
}

/// The store on another Sluice.
pub(crate) struct SluiceWorld {
    addressing: Addressing,
    upstream: OnceCell<Upstream>,
    ledger: MemoryMeta,
}

impl SluiceWorld {
    pub(crate) fn new(addressing: Addressing) -> Self {
        Self { addressing, upstream: OnceCell::new(), ledger: MemoryMeta::default() }
    }
}

#[async_trait]
impl StoreWorld for SluiceWorld {
    async fn open(&self) -> SharedStore {
        let upstream = self.upstream.get_or_init(async || Upstream::start()).await;
        let options = options(&upstream.url(), self.addressing, self.ledger.clone(), Limits::default());
        Arc::new(store(options))
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
