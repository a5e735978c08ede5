use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// How often the certificate's files are looked at.
const RELOAD_INTERVAL: Duration = Duration::from_secs(1);

/// The files of a certificate chain and its key, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// A certificate or key that cannot be used.
#[derive(Debug)]
pub struct TlsError {
    path: PathBuf,
    reason: String,
}

impl TlsError {
    fn new(path: &Path, reason: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), reason: reason.to_string() }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for TlsError {}

/// A server's certificate, read anew when its files change; connections that are open go on with the one they began with.
pub struct Tls {
    files: TlsFiles,
    /// What the files were before they were read first.
    loaded: Stamp,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().clone())
    }
}

impl Tls {
    /// Reads the files; `alpn` names the protocols offered, the preferred first.
    ///
    /// # Errors
    /// [`TlsError`] with the path where a file cannot be read, is no PEM, or key and certificate do not belong together.
    pub fn load(files: TlsFiles, alpn: &[&[u8]]) -> Result<Self, TlsError> {
        let loaded = stamp(&files);
        let current = Arc::new(Current(RwLock::new(Arc::new(read(&files)?))));
        let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::new(&files.cert, error))?
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(Self { files, loaded, current, config: Arc::new(config) })
    }

    /// What handshakes are made with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.config.clone()
    }

    /// Looks at the files for as long as it is polled, and takes a certificate into use that has changed since it was loaded. A
    /// pair that cannot be used is reported once and tried again; the last good one stays meanwhile.
    ///
    /// # Cancel safety
    /// Dropping it ends the watch.
    pub(crate) async fn watch(&self) {
        let (mut seen, mut reported) = (self.loaded, None);
        loop {
            tokio::time::sleep(RELOAD_INTERVAL).await;
            let now = stamp(&self.files);
            if now == seen {
                continue;
            }
            match read(&self.files) {
                Ok(key) => {
                    *self.current.0.write() = Arc::new(key);
                    tracing::info!(cert = %self.files.cert.display(), "certificate reloaded");
                    seen = now;
                }
                Err(error) if reported != Some(now) => {
                    tracing::error!(%error, "certificate not reloaded; the last good one stays in use");
                    reported = Some(now);
                }
                // Read halfway through being written, it may be whole now and look the same.
                Err(_) => {}
            }
        }
    }
}

/// The first certificate of a chain: the server's own.
///
/// # Errors
/// Where the file cannot be read or holds none.
pub fn own_certificate(path: &Path) -> Result<CertificateDer<'static>, TlsError> {
    CertificateDer::from_pem_file(path).map_err(|error| TlsError::new(path, error))
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| TlsError::new(&files.cert, error))?;
    if chain.is_empty() {
        return Err(TlsError::new(&files.cert, "no certificate in this file"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| TlsError::new(&files.key, error))?;
    let key = aws_lc_rs::sign::any_supported_type(&key).map_err(|error| TlsError::new(&files.key, error))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
        Err(_) => Err(TlsError::new(&files.key, format_args!("not the key of {}", files.cert.display()))),
    }
}

/// When each of the files was written, and how large it is.
type Stamp = [Option<(SystemTime, u64)>; 2];

/// What changes when a file is written or replaced.
fn stamp(files: &TlsFiles) -> Stamp {
    [&files.cert, &files.key].map(|path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}
