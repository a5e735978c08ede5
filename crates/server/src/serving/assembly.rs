use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gateway::{
    AccessLog, Admin, AdminParts, Gateway, GatewayParts, Limits, Listener, Reading, Source, Tls, TlsFiles,
};
use s3_wire::{Addressing, Scheme};
use service::Service;
use store::ListBuckets;
use tokio::sync::watch;
use types::{Budget, Clock, Context, Random, SystemClock};

use super::below::Below;
use super::buckets::Awaited;
use super::jobs::Jobs;
use super::meaning::service_settings;
use super::snapshots::Snapshots;
use super::{buckets, keyring};
use crate::banner::{Banner, KeySource};
use crate::config::{Config, RootKey, ServerSettings};
use crate::environment::ProcessEnvironment;
use crate::failure::Failure;
use crate::random::SystemRandom;
use crate::state::{self, LockFile};
use crate::stores::{Assembled, OpenedStore, Surroundings, assemble, lock_directories};

/// The part of the memory budget that the read buffers of uploads may take; frames of the stores take the rest. They are
/// apart because an upload holds its read buffer while it waits for a frame.
const INTAKE_SHARE: usize = 4;

/// A server whose listeners are open and whose stores are ready; nothing is answered before it runs.
pub(crate) struct Server {
    config: Arc<Config>,
    root: (RootKey, KeySource),
    gateway: Gateway,
    listener: Listener,
    admin: Admin,
    stores: Assembled,
    awaited: Awaited,
    addresses: Addresses,
    /// Given back last.
    locks: Vec<LockFile>,
}

struct Addresses {
    listen: SocketAddr,
    admin: SocketAddr,
}

impl Server {
    /// Opens everything that the configuration names.
    ///
    /// # Errors
    /// The first thing that cannot be had: what, where, and what to do.
    pub(crate) async fn open(config: Arc<Config>, access_log: Option<AccessLog>) -> Result<Self, Failure> {
        let (clock, random): (Arc<dyn Clock>, Arc<dyn Random>) =
            (Arc::new(SystemClock), Arc::new(SystemRandom));
        let locks = lock_directories(&config)?;
        let root = root_key(&config, &*random)?;
        let tls = TlsPair::load(&config.server)?;
        let listener =
            bound(config.server.listen, "listen", |address| Listener::bind(address, tls.s3.clone()))?;
        let budget = config.server.memory_budget_bytes;
        let around = Surroundings {
            durability: config.server.durability,
            budget: Budget::new(budget - budget / INTAKE_SHARE),
            clock: clock.clone(),
            random: random.clone(),
            state_dir: config.state_dir.clone(),
            environment: Arc::new(ProcessEnvironment),
        };
        let stores = assemble(config.clone(), &around).await?;
        let awaited = buckets::make_configured(&config, &stores.opened, &stores.port).await?;
        let keys = keyring::keyring(&root.0, &config.access_keys)?;
        let gateway = Gateway::new(GatewayParts {
            service: Service::new(stores.port.clone(), service_settings(&config)),
            verifier: keyring::s3_verifier(&keys, &config),
            addressing: Addressing::new(config.server.domains.clone()),
            intake: Budget::new(budget / INTAKE_SHARE),
            scheme: if tls.s3.is_some() { Scheme::Https } else { Scheme::Http },
            limits: limits(&config.server),
            access_log,
            clock,
            random,
        });
        let admin_parts = AdminParts {
            sources: sources(&stores, &around.budget),
            ready: readiness(&stores),
            jobs: Arc::new(Jobs::new(stores.clone())),
            verifier: keyring::admin_verifier(&keys),
        };
        let admin = bound(config.server.admin_listen, "admin_listen", |address| {
            Admin::bind(address, &gateway, admin_parts, tls.admin)
        })?;
        let addresses = Addresses { listen: local(listener.address())?, admin: local(admin.address())? };
        Ok(Self { config, root, gateway, listener, admin, stores, awaited, addresses, locks })
    }

    /// What a person sees once the server has started.
    pub(crate) fn banner(&self) -> Banner<'_> {
        Banner {
            listen: self.addresses.listen,
            admin_listen: self.addresses.admin,
            scheme: self.scheme(),
            region: self.config.server.region.as_deref().unwrap_or(service::DEFAULT_REGION),
            state_dir: self.config.state_dir.as_deref(),
            stores: self.stores.opened.iter().map(|store| store.shown.clone()).collect(),
            key: &self.root.0,
            source: self.root.1.clone(),
        }
    }

    fn scheme(&self) -> &'static str {
        if self.config.server.tls.is_some() { "https" } else { "http" }
    }

    /// Answers until `stop` turns true, then ends what is in flight and closes the stores.
    ///
    /// # Errors
    /// Where the lock cannot be written, or a last snapshot.
    pub(crate) async fn run(mut self, stop: watch::Receiver<bool>) -> Result<(), Failure> {
        let admin_url = format!("{}://{}", self.scheme(), self.addresses.admin);
        for lock in &mut self.locks {
            lock.write_holder(Some(&admin_url))?;
        }
        let snapshots = Snapshots::of(&self.stores.opened);
        let mut background = tokio::task::JoinSet::new();
        for snapshot in &snapshots {
            background.spawn(snapshot.clone().run(stop.clone()));
        }
        background.spawn(self.awaited.make(stop.clone()));
        let below = Below::start(&self.stores);
        tracing::info!(
            listen = %self.addresses.listen,
            admin_listen = %self.addresses.admin,
            version = env!("CARGO_PKG_VERSION"),
            "serving"
        );
        // The operator can watch until the last request has ended.
        let (stop_admin, admin_stopped) = watch::channel(false);
        background.spawn(self.admin.serve(admin_stopped));
        let cut_off = self.gateway.serve(self.listener, stop).await;
        stop_admin.send_replace(true);
        if cut_off > 0 {
            tracing::warn!(connections = cut_off, "requests in flight were cut off");
        }
        while background.join_next().await.is_some() {}
        below.stop().await;
        for snapshot in snapshots {
            snapshot.save().await?;
        }
        drop(self.stores);
        drop(self.locks);
        Ok(())
    }
}

/// The certificate as the two listeners use it: the admin listener speaks HTTP/1.1 only.
struct TlsPair {
    s3: Option<Arc<Tls>>,
    admin: Option<Arc<Tls>>,
}

impl TlsPair {
    fn load(settings: &ServerSettings) -> Result<Self, Failure> {
        let Some(tls) = &settings.tls else { return Ok(Self { s3: None, admin: None }) };
        let load = |alpn: &[&[u8]]| {
            let files = TlsFiles { cert: tls.cert.clone(), key: tls.key.clone() };
            let loaded = Tls::load(files, alpn).map(Arc::new);
            loaded
                .map_err(|error| Failure::configuration(format!("server.tls_cert, server.tls_key: {error}")))
        };
        Ok(Self { s3: Some(load(&[b"h2", b"http/1.1"])?), admin: Some(load(&[b"http/1.1"])?) })
    }
}

fn root_key(config: &Config, random: &dyn Random) -> Result<(RootKey, KeySource), Failure> {
    match (&config.root_key, &config.state_dir) {
        (Some(key), _) => Ok((key.clone(), KeySource::Environment)),
        (None, Some(dir)) => {
            let kept = state::root_key(dir, random)?;
            Ok((kept.key, KeySource::File(kept.file)))
        }
        (None, None) => Ok((state::generate(random), KeySource::Memory)),
    }
}

fn limits(settings: &ServerSettings) -> Limits {
    Limits {
        max_connections: settings.max_connections,
        header_timeout: settings.header_timeout,
        idle_timeout: settings.idle_timeout,
        shutdown_timeout: settings.shutdown_timeout,
    }
}

fn bound<T>(
    address: SocketAddr,
    setting: &str,
    bind: impl FnOnce(SocketAddr) -> io::Result<T>,
) -> Result<T, Failure> {
    bind(address).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there; stop it or choose another port",
            io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege; choose another port",
            io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
            _ => "the operating system refused it",
        };
        Failure::new(format!("server.{setting}: cannot listen on {address}: {error}; {advice}"))
    })
}

fn local(address: io::Result<SocketAddr>) -> Result<SocketAddr, Failure> {
    address.map_err(|error| Failure::new(format!("cannot tell the listener's address: {error}")))
}

fn sources(stores: &Assembled, budget: &Budget) -> Vec<Source> {
    let (stores, budget) = (stores.clone(), budget.clone());
    let memory = move || {
        let value = gateway::ReadingValue::Gauge(budget.used_bytes() as f64);
        vec![Reading::new("sluice_frame_bytes", "Bytes of the memory budget that frames hold now", value)]
    };
    vec![Box::new(move || stores.readings()), Box::new(memory)]
}

/// Ready is a server whose own stores answer a look-up, whatever their layers would say to it: one that is busy at its limit
/// is well. A service elsewhere that does not answer takes its buckets away and no others, so it does not take the server out
/// of service; the metrics tell of it.
fn readiness(stores: &Assembled) -> gateway::Readiness {
    let here = stores.opened.iter().filter(|store| store.is_here());
    let ports: Vec<_> = here.map(OpenedStore::bare_port).collect();
    Box::new(move || {
        let ports = ports.clone();
        Box::pin(async move {
            for port in ports {
                let one = ListBuckets { prefix: String::new(), after: None, limit: 1 };
                if port.list_buckets(&Context::background(), one).await.is_err() {
                    return false;
                }
            }
            true
        })
    })
}
