use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::config::RootKey;

/// Where the root key comes from, and so what of it is shown.
#[derive(Debug, Clone)]
pub(crate) enum KeySource {
    /// Kept in this file.
    File(PathBuf),
    /// Made for this run alone.
    Memory,
    /// From `SLUICE_ACCESS_KEY` and `SLUICE_SECRET_KEY`: whoever set them knows the secret.
    Environment,
}

/// What a person sees when the server has started.
#[derive(Debug)]
pub(crate) struct Banner<'a> {
    /// Where the S3 listener is.
    pub(crate) listen: SocketAddr,
    /// Where the admin listener is.
    pub(crate) admin_listen: SocketAddr,
    /// `http` or `https`.
    pub(crate) scheme: &'a str,
    /// The region to name in the lines to paste.
    pub(crate) region: &'a str,
    /// The state directory; `None` where nothing is kept.
    pub(crate) state_dir: Option<&'a Path>,
    /// What objects are kept in, one line a store.
    pub(crate) stores: Vec<String>,
    /// The root key.
    pub(crate) key: &'a RootKey,
    /// Where it comes from.
    pub(crate) source: KeySource,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = format!("{}://{}", self.scheme, reachable(self.listen));
        let (secret, note) = match &self.source {
            KeySource::File(file) => (self.key.secret.expose(), format!("   (kept in {})", file.display())),
            KeySource::Memory => (self.key.secret.expose(), "   (for this run only)".to_owned()),
            KeySource::Environment => ("$SLUICE_SECRET_KEY", String::new()),
        };
        let (id, region) = (&self.key.id, self.region);
        writeln!(f, "Sluice {} is ready.\n", env!("CARGO_PKG_VERSION"))?;
        writeln!(f, "  endpoint    {endpoint}")?;
        writeln!(f, "  access key  {id}")?;
        writeln!(f, "  secret key  {secret}{note}")?;
        writeln!(f, "  admin       {}://{}   (health, metrics)", self.scheme, reachable(self.admin_listen))?;
        for store in &self.stores {
            writeln!(f, "  objects     {store}")?;
        }
        match self.state_dir {
            Some(dir) => writeln!(f, "  state       {}", dir.display())?,
            None => writeln!(f, "  state       in memory: everything is gone when this server stops")?,
        }
        writeln!(
            f,
            "\n  aws     AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret} aws --endpoint-url {endpoint} --region {region} s3 ls"
        )?;
        writeln!(
            f,
            "  rclone  rclone lsd \":s3,provider=Other,access_key_id={id},secret_access_key={secret},region={region},endpoint='{endpoint}':\""
        )
    }
}

/// An address that a client on this machine can use: "every address" becomes loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn banner(key: &RootKey, source: KeySource) -> String {
        Banner {
            listen: "0.0.0.0:9000".parse().unwrap(),
            admin_listen: "127.0.0.1:9001".parse().unwrap(),
            scheme: "http",
            region: "us-east-1",
            state_dir: None,
            stores: vec!["memory".to_owned()],
            key,
            source,
        }
        .to_string()
    }

    #[test]
    fn a_secret_from_the_environment_is_not_shown() {
        let key = RootKey { id: "ID".to_owned(), secret: Secret::new("swordfish") };
        let shown = banner(&key, KeySource::Environment);
        assert!(!shown.contains("swordfish"));
        assert!(shown.contains("AWS_SECRET_ACCESS_KEY=$SLUICE_SECRET_KEY"));
        assert!(banner(&key, KeySource::Memory).contains("secret key  swordfish"));
        assert!(shown.contains("http://127.0.0.1:9000"), "a client cannot connect to 0.0.0.0");
    }
}
