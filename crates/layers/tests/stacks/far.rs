//! Stores elsewhere: another Sluice over S3, and Azure's stand-in.

use std::sync::Arc;

use blob::MemoryBlobs;
use gateway::{Gateway, GatewayParts, Listener};
use iam::Principal;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use remote::{Client, ClientOptions, Ledger, Limits, Roots};
use remote_azure::{AzureOptions, AzureStore, parse_connection_string};
use remote_s3::{Addressing, Conditional, Credentials, Endpoint, S3Options, S3Store, Secret};
use s3_auth::{AccessKey, AuthSettings, Keyring, Verifier};
use s3_wire::Scheme;
use service::{Service, ServiceSettings};
use store::SharedStore;
use stubs::azure::{Settings, Stub};
use tokio::sync::watch;
use types::{BucketName, CanonicalId, Ceiling, Owner, SystemClock};

use crate::parts::{PART_MIN_BYTES, Seeded, budget};

const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "secret-of-the-tests";

fn root() -> Owner {
    Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "root".into() }
}

fn client(name: &str) -> Client {
    let options = ClientOptions {
        name: name.to_owned(),
        budget: budget(),
        clock: Arc::new(SystemClock),
        random: Seeded::new(7),
        limits: Limits::default(),
        roots: Roots::System,
    };
    Client::new(options).unwrap()
}

/// Another Sluice, which checks every signature, and our records about it.
pub(crate) struct OtherSluice {
    url: String,
    ledger: MemoryMeta,
    _stop: watch::Sender<bool>,
}

impl OtherSluice {
    pub(crate) fn start() -> Self {
        let native = NativeStore::new(
            Arc::new(MemoryMeta::default()),
            Arc::new(MemoryBlobs::new(Ceiling::unlimited())),
            NativeOptions { part_min_bytes: PART_MIN_BYTES, ..NativeOptions::new(Seeded::new(11)) },
        );
        let root = AccessKey::new(KEY_ID, s3_auth::Secret::new(SECRET), Arc::new(Principal::root()));
        let keyring = Keyring::new([root.unwrap()]).unwrap();
        let gateway = Gateway::new(GatewayParts {
            service: Service::new(Arc::new(native), ServiceSettings::default()),
            verifier: Verifier::new(keyring.into(), AuthSettings::default()),
            addressing: s3_wire::Addressing::new(["localhost".to_owned()]),
            intake: budget(),
            scheme: Scheme::Http,
            limits: gateway::Limits::default(),
            access_log: None,
            clock: Arc::new(SystemClock),
            random: Seeded::new(12),
        });
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), None).unwrap();
        let url = format!("http://localhost:{}", listener.address().unwrap().port());
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(gateway.serve(listener, stopped));
        Self { url, ledger: MemoryMeta::default(), _stop: stop }
    }

    pub(crate) fn open(&self) -> SharedStore {
        let credentials = Credentials {
            access_key_id: KEY_ID.to_owned(),
            secret: Secret::new(SECRET),
            session_token: None,
            expires_at: None,
        };
        Arc::new(S3Store::new(S3Options {
            endpoint: Endpoint::parse(&self.url, Addressing::Path).unwrap(),
            region: None,
            credentials: Arc::new(credentials),
            conditional: Conditional::Probe,
            client: client("s3"),
            ledger: Ledger::new(Arc::new(self.ledger.clone())),
            budget: budget(),
            clock: Arc::new(SystemClock),
            random: Seeded::new(13),
            root_owner: root(),
        }))
    }
}

/// Azure's stand-in, and our records about it.
pub(crate) struct Azure {
    stub: Stub,
    ledger: MemoryMeta,
}

impl Azure {
    pub(crate) fn start() -> Self {
        Self { stub: Stub::start(Settings::default()).unwrap(), ledger: MemoryMeta::default() }
    }

    pub(crate) fn open(&self) -> SharedStore {
        let (endpoint, credential) = parse_connection_string(&self.stub.connection_string()).unwrap();
        Arc::new(AzureStore::new(AzureOptions {
            endpoint,
            credential,
            client: client("azure"),
            ledger: Ledger::new(Arc::new(self.ledger.clone())),
            clock: Arc::new(SystemClock),
            random: Seeded::new(14),
            root_owner: root(),
            staging: BucketName::new("sluice-staging").unwrap(),
            part_min_bytes: PART_MIN_BYTES,
        }))
    }
}
