use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use gateway::AdminClient;
use s3_auth::Secret;
use s3_auth::sign::Signer;

use super::run::answers;
use crate::config::{Config, RootKey};
use crate::failure::Failure;
use crate::state::read_root_key;

/// The region that requests to the admin listener are signed for; it takes every one.
const REGION: &str = "us-east-1";

/// A client of the admin listener at `url`, which is `HOST:PORT` with or without a scheme, signing with the root key of
/// the environment, else of the state directory.
///
/// # Errors
/// Where the address is none, or the key or the certificate is not to be had.
pub(crate) fn admin_client(url: &str, config: &Config, dir: Option<&Path>) -> Result<AdminClient, Failure> {
    let (scheme, address) = url.split_once("://").unwrap_or(("http", url));
    let address = resolve(address.trim_end_matches('/'))?;
    let certificate = match (scheme, &config.server.tls) {
        ("https", Some(tls)) => {
            Some(gateway::own_certificate(&tls.cert).map_err(|error| Failure::new(error.to_string()))?)
        }
        ("https", None) => {
            let text = "the server speaks TLS: name its configuration with --config, so that its certificate is known";
            return Err(Failure::configuration(text));
        }
        _ => None,
    };
    let key = root_key(dir, config)?;
    let secret = Secret::new(key.secret.expose());
    Ok(AdminClient {
        address,
        certificate,
        signer: Signer::new(&key.id, secret, REGION, s3_auth::ADMIN_SERVICE),
    })
}

/// The address of a host and its port. Of several the first that answers is it: a name may stand for both protocols, and a
/// server listen on one.
fn resolve(host: &str) -> Result<SocketAddr, Failure> {
    let refused =
        |why: String| Failure::configuration(format!("--admin: \"{host}\" is not an address: {why}"));
    let found: Vec<_> = host.to_socket_addrs().map_err(|error| refused(error.to_string()))?.collect();
    let answering = found.iter().find(|address| found.len() == 1 || answers(**address));
    let address = answering.or(found.first()).copied();
    address.ok_or_else(|| refused("nothing has this name".to_owned()))
}

fn root_key(dir: Option<&Path>, config: &Config) -> Result<RootKey, Failure> {
    if let Some(key) = &config.root_key {
        return Ok(key.clone());
    }
    let kept = dir.map(read_root_key).transpose()?.flatten();
    kept.ok_or_else(|| {
        let place = dir.map_or("the server keeps no state".to_owned(), |dir| dir.display().to_string());
        Failure::new(format!(
            "{place}: there is no root key; set SLUICE_ACCESS_KEY and SLUICE_SECRET_KEY to the server's"
        ))
    })
}
