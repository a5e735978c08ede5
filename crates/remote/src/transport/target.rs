use http::Uri;
use http::uri::Scheme;

use crate::{RemoteError, RemoteErrorKind};

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// Whether a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// Plain TCP.
    None,
    /// TLS.
    Tls,
}

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) security: Security,
    /// A name or an address, an IPv6 one without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Target {
    /// Where a request's URI leads.
    pub(crate) fn of(uri: &Uri) -> Result<Self, RemoteError> {
        let malformed = || RemoteError::from(RemoteErrorKind::Malformed("the address of the service"));
        let security = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => Security::None,
            Some(scheme) if *scheme == Scheme::HTTPS => Security::Tls,
            _ => return Err(malformed()),
        };
        let authority = uri.authority().ok_or_else(malformed)?;
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let default = match security {
            Security::None => HTTP_PORT,
            Security::Tls => HTTPS_PORT,
        };
        let port = authority.port_u16().unwrap_or(default);
        if host.is_empty() { Err(malformed()) } else { Ok(Self { security, host: host.to_owned(), port }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> Option<(Security, String, u16)> {
        let target = Target::of(&uri.parse().unwrap()).ok()?;
        Some((target.security, target.host, target.port))
    }

    #[test]
    fn ports_and_brackets() {
        assert_eq!(of("http://a.example/x"), Some((Security::None, "a.example".into(), 80)));
        assert_eq!(of("https://a.example"), Some((Security::Tls, "a.example".into(), 443)));
        assert_eq!(of("https://[::1]:9000/"), Some((Security::Tls, "::1".into(), 9000)));
        assert_eq!(of("/no/authority"), None);
        assert_eq!(of("ftp://a.example/"), None);
    }
}
