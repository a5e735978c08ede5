use std::net::{SocketAddr, ToSocketAddrs};

/// Where the load goes: a plain-text HTTP address.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The socket to connect to.
    pub(crate) address: SocketAddr,
    /// The Host header.
    pub(crate) host: String,
    /// The path before the bucket, without a slash at the end.
    pub(crate) base_path: String,
}

impl Endpoint {
    /// Reads `http://HOST[:PORT][/PATH]`.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| format!("{url}: only http:// endpoints are measured"))?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let address = with_port
            .to_socket_addrs()
            .map_err(|error| format!("{url}: {error}"))?
            .next()
            .ok_or_else(|| format!("{url}: no address"))?;
        Ok(Self { address, host: host.to_owned(), base_path: path.trim_end_matches('/').to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_keeps_its_port_and_path() {
        let endpoint = Endpoint::parse("http://127.0.0.1:9000/files/").unwrap();
        assert_eq!(endpoint.address, "127.0.0.1:9000".parse().unwrap());
        assert_eq!(endpoint.host, "127.0.0.1:9000");
        assert_eq!(endpoint.base_path, "/files");
        assert!(Endpoint::parse("https://127.0.0.1").is_err());
    }
}
