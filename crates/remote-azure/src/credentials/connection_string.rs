use std::fmt;

use super::{Credential, SharedKey};
use crate::Endpoint;

/// The emulators' well-known account and key.
const EMULATOR: &str = "AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";

/// What is wrong with a connection string. It never shows the string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionStringError {
    /// A piece is not `Name=Value`.
    Piece,
    /// There is no `AccountName`, and no endpoint that tells it.
    Account,
    /// There is neither `AccountKey` nor `SharedAccessSignature`, or the key is no Base64.
    Key,
    /// The endpoint is none.
    Endpoint,
}

impl fmt::Display for ConnectionStringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Piece => "a connection string is Name=Value pieces between semicolons",
            Self::Account => "the connection string names no account",
            Self::Key => "the connection string has no usable AccountKey or SharedAccessSignature",
            Self::Endpoint => "the connection string's endpoint is none",
        })
    }
}

impl std::error::Error for ConnectionStringError {}

/// Reads a connection string. Source: "Configure Azure Storage connection strings".
///
/// # Errors
/// [`ConnectionStringError`].
pub fn parse_connection_string(text: &str) -> Result<(Endpoint, Credential), ConnectionStringError> {
    let mut pieces = Vec::new();
    for piece in text.split(';').map(str::trim).filter(|piece| !piece.is_empty()) {
        pieces.push(piece.split_once('=').ok_or(ConnectionStringError::Piece)?);
    }
    let named = |name: &str| {
        let found = pieces.iter().find(|(found, _)| found.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    if named("UseDevelopmentStorage").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return parse_connection_string(EMULATOR);
    }
    let url = named("BlobEndpoint");
    let account =
        named("AccountName").or_else(|| url.and_then(account_of)).ok_or(ConnectionStringError::Account)?;
    let endpoint = match url {
        Some(url) => Endpoint::parse(url, account),
        None => {
            let scheme = named("DefaultEndpointsProtocol").unwrap_or("https");
            let suffix = named("EndpointSuffix").unwrap_or("core.windows.net");
            Endpoint::parse(&format!("{scheme}://{account}.blob.{suffix}"), account)
        }
    };
    let endpoint = endpoint.map_err(|_| ConnectionStringError::Endpoint)?;
    let credential = match (named("AccountKey"), named("SharedAccessSignature")) {
        (Some(key), _) => SharedKey::new(account, key).map(Credential::SharedKey),
        (None, Some(signature)) => Some(Credential::shared_access(signature)),
        (None, None) => None,
    };
    Ok((endpoint, credential.ok_or(ConnectionStringError::Key)?))
}

/// The account that an endpoint of Azure's own names by its host.
fn account_of(url: &str) -> Option<&str> {
    let host = url.split_once("://")?.1;
    let (account, rest) = host.split_once('.')?;
    rest.starts_with("blob.").then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        let (endpoint, credential) = parse_connection_string(
            "DefaultEndpointsProtocol=https;AccountName=storagesample;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn",
        )
        .unwrap();
        assert_eq!(endpoint.url("/"), "https://storagesample.blob.core.chinacloudapi.cn/");
        assert!(matches!(credential, Credential::SharedKey(_)));
        let (endpoint, credential) = parse_connection_string(
            "BlobEndpoint=https://storagesample.blob.core.windows.net;SharedAccessSignature=sv=2015-07-08&sig=iCvQmdZngZNW%2F4vw43j6%2BVz6fndHF5LI639QJba4r8o%3D&spr=https",
        )
        .unwrap();
        assert_eq!(endpoint.account(), "storagesample");
        assert!(
            matches!(credential, Credential::SharedAccess(query) if query.starts_with("sv=2015-07-08&sig="))
        );
        let (endpoint, _) = parse_connection_string("UseDevelopmentStorage=true").unwrap();
        assert_eq!(endpoint.url(""), "http://127.0.0.1:10000/devstoreaccount1");
    }

    #[test]
    fn what_is_missing_is_told_and_nothing_is_shown() {
        for (text, error) in [
            ("AccountName=a;secret", ConnectionStringError::Piece),
            ("AccountKey=a2V5", ConnectionStringError::Account),
            ("AccountName=a", ConnectionStringError::Key),
            ("AccountName=a;AccountKey=se cret!", ConnectionStringError::Key),
            ("AccountName=a;AccountKey=a2V5;BlobEndpoint=nonsense", ConnectionStringError::Endpoint),
        ] {
            let found = parse_connection_string(text).map(drop);
            assert_eq!(found, Err(error), "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
