use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::{RemoteError, RemoteErrorKind, Roots};

/// Whom to trust, read when the first secured connection is made.
pub(crate) struct Trust {
    roots: Roots,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Trust {
    /// Trust in these roots; given ones are read at once.
    pub(crate) fn new(roots: Roots) -> Result<Self, RemoteError> {
        let trust = Self { roots, config: OnceLock::new() };
        if let Roots::Pem(pem) = &trust.roots {
            let _ = trust.config.set(config(given(pem)?)?);
        }
        Ok(trust)
    }

    /// The handshake, as a client of `host`.
    pub(crate) async fn secure(
        &self,
        host: &str,
        socket: TcpStream,
    ) -> Result<TlsStream<TcpStream>, RemoteError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| RemoteError::with_source(RemoteErrorKind::Unreachable, error))?;
        let config = match self.config.get() {
            Some(config) => config.clone(),
            None => {
                let made = config(system())?;
                self.config.get_or_init(|| made).clone()
            }
        };
        TlsConnector::from(config)
            .connect(name, socket)
            .await
            .map_err(|error| RemoteError::with_source(RemoteErrorKind::Unreachable, error))
    }
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, RemoteError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| RemoteError::with_source(RemoteErrorKind::Unreachable, error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn given(pem: &[u8]) -> Result<RootCertStore, RemoteError> {
    const NOTHING: RemoteErrorKind = RemoteErrorKind::Malformed("the text of roots holds no certificate");
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| RemoteError::with_source(NOTHING, error))?;
        store.add(certificate).map_err(|error| RemoteError::with_source(NOTHING, error))?;
    }
    if store.is_empty() { Err(NOTHING.into()) } else { Ok(store) }
}

/// What the system trusts; a bundled list where it has none.
fn system() -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        tracing::warn!("the system has no trusted certificates; using the bundled ones");
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    store
}
