use std::fmt;
use std::sync::Arc;

use remote::{Client, Ledger};
use types::{BucketName, Clock, Owner, Random};

use crate::Credential;

/// The smallest part but the last of an upload. Source: "Amazon S3 multipart upload limits".
const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;

/// What a store on Azure is made of.
pub struct AzureOptions {
    /// Where the account's blob service answers.
    pub endpoint: Endpoint,
    /// How requests prove who sends them.
    pub credential: Credential,
    /// Sends them.
    pub client: Client,
    /// Records of what Azure has no room for.
    pub ledger: Ledger,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub random: Arc<dyn Random>,
    /// Who owns buckets without a record.
    pub root_owner: Owner,
    /// The container of parts on their way to an object; made where it is not there, and never shown.
    pub staging: BucketName,
    /// The smallest part but the last of an upload, in bytes.
    pub part_min_bytes: u64,
}

impl AzureOptions {
    /// S3's smallest part.
    pub const PART_MIN_BYTES: u64 = PART_MIN_BYTES;
}

/// Where an account's blob service answers: `https://ACCOUNT.blob.core.windows.net`, or an address with the account as
/// its path, as emulators have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    base: String,
    path: String,
    account: String,
}

/// The text is not an endpoint: scheme `http` or `https`, a host, and at most one segment of path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidEndpoint;

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an endpoint is http:// or https://, a host, and at most one segment of path")
    }
}

impl std::error::Error for InvalidEndpoint {}

impl Endpoint {
    /// The endpoint of an account in Azure's public cloud.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] where the account's name is none.
    pub fn of_account(account: &str) -> Result<Self, InvalidEndpoint> {
        Self::parse(&format!("https://{account}.blob.core.windows.net"), account)
    }

    /// Reads the URL of an account's blob service.
    ///
    /// # Errors
    /// [`InvalidEndpoint`].
    pub fn parse(url: &str, account: &str) -> Result<Self, InvalidEndpoint> {
        let uri: http::Uri = url.parse().map_err(|_| InvalidEndpoint)?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
        let (scheme, authority) = scheme.zip(uri.authority()).ok_or(InvalidEndpoint)?;
        let path = uri.path().trim_end_matches('/');
        let legal = !account.is_empty()
            && account.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && path.matches('/').count() <= 1
            && uri.query().is_none();
        if !legal {
            return Err(InvalidEndpoint);
        }
        let base = format!("{scheme}://{authority}");
        Ok(Self { base, path: path.to_owned(), account: account.to_owned() })
    }

    /// The account's name.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The URL of a path below the account, which begins with a slash and is encoded already.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.base, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_the_account_in_front_or_as_their_path() {
        let cloud = Endpoint::of_account("myaccount").unwrap();
        assert_eq!(cloud.url("/c/b"), "https://myaccount.blob.core.windows.net/c/b");
        let emulator =
            Endpoint::parse("http://127.0.0.1:10000/devstoreaccount1/", "devstoreaccount1").unwrap();
        assert_eq!(emulator.url("/c"), "http://127.0.0.1:10000/devstoreaccount1/c");
        for wrong in ["ftp://a", "https:///x", "http://a/b/c", "http://a/b?c", "nonsense"] {
            assert_eq!(Endpoint::parse(wrong, "acc"), Err(InvalidEndpoint), "{wrong}");
        }
        assert_eq!(Endpoint::of_account("No Account"), Err(InvalidEndpoint));
    }
}
