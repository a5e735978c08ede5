//! Who asks: access tokens from a service account's key, a user's refresh token or the metadata server.

mod authorized_user;
mod bearer;
mod metadata_server;
mod service_account;
mod token;

use std::fmt;
use std::sync::Arc;

use remote::{Anonymous, Authorize, Client};
use serde::Deserialize;
use types::Clock;
use zeroize::Zeroizing;

pub use authorized_user::AuthorizedUser;
pub use bearer::Bearer;
pub use metadata_server::MetadataServer;
pub use service_account::ServiceAccount;
pub use token::{Token, TokenSource};

/// What a token may be used for: reading and writing objects, making and removing buckets.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.full_control";
/// Where Google issues tokens.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// Where tokens come from.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Nobody: for emulators and for buckets that everybody may read.
    Anonymous,
    /// A service account with its private key.
    ServiceAccount(ServiceAccount),
    /// A user who has let an application act for him, as `gcloud auth application-default login` keeps him.
    AuthorizedUser(AuthorizedUser),
    /// The service account that the metadata server of a Google machine knows.
    MetadataServer(MetadataServer),
}

/// Why a credentials file is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidCredentials {
    /// It is not JSON, or lacks a field; which.
    Malformed(String),
    /// It is of a type that is not supported.
    Type(String),
    /// Its private key cannot be used.
    PrivateKey,
}

impl fmt::Display for InvalidCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(how) => write!(f, "not a credentials file of Google's: {how}"),
            Self::Type(other) => {
                write!(
                    f,
                    "credentials of type \"{other}\" are not supported: give a service_account or an authorized_user"
                )
            }
            Self::PrivateKey => f.write_str("the private_key is not an RSA key in PKCS #8 and PEM"),
        }
    }
}

impl std::error::Error for InvalidCredentials {}

#[derive(Deserialize)]
struct Kind {
    r#type: String,
}

/// Reads a text that leaves no copy behind.
fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

/// Reads the fields of a credentials file.
fn fields<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, InvalidCredentials> {
    // Only what is wrong is told, never what the file holds.
    serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let what = if error.is_data() { "a field is missing or of the wrong type" } else { "not JSON" };
        InvalidCredentials::Malformed(format!("{what} ({place})"))
    })
}

impl Credentials {
    /// Reads a credentials file: a service account's key, or an authorized user's.
    ///
    /// # Errors
    /// [`InvalidCredentials`], without any secret in it.
    pub fn from_json(text: &str) -> Result<Self, InvalidCredentials> {
        let kind: Kind = fields(text)?;
        match kind.r#type.as_str() {
            "service_account" => ServiceAccount::from_json(text).map(Self::ServiceAccount),
            "authorized_user" => AuthorizedUser::from_json(text).map(Self::AuthorizedUser),
            _ => Err(InvalidCredentials::Type(kind.r#type)),
        }
    }

    /// The project that the credentials name, if they name one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        match self {
            Self::ServiceAccount(account) => account.project(),
            Self::AuthorizedUser(user) => user.project(),
            Self::Anonymous | Self::MetadataServer(_) => None,
        }
    }

    /// What puts tokens on requests; `client` asks for them.
    pub(crate) fn authorize(&self, client: Client, clock: Arc<dyn Clock>) -> Arc<dyn Authorize> {
        let bearer = |source: Arc<dyn TokenSource>| -> Arc<dyn Authorize> { Arc::new(Bearer::new(source)) };
        match self {
            Self::Anonymous => Arc::new(Anonymous),
            Self::ServiceAccount(account) => bearer(Arc::new(account.source(client, clock))),
            Self::AuthorizedUser(user) => bearer(Arc::new(user.source(client, clock))),
            Self::MetadataServer(server) => bearer(Arc::new(server.source(client, clock))),
        }
    }
}
