mod connection_string;
mod credential;
mod managed;
mod shared_access;
mod shared_key;
mod token;
mod workload;

pub use connection_string::{ConnectionStringError, parse_connection_string};
pub use credential::Credential;
pub use managed::{IdentityEndpoint, ManagedIdentity};
pub use shared_key::SharedKey;
pub use token::{Token, TokenCache, TokenSource};
pub use workload::{FederatedToken, WorkloadIdentity};

/// What tokens are asked for. Source: "Authorize access to blobs using Microsoft Entra ID".
const RESOURCE: &str = "https://storage.azure.com/";
/// The largest answer of a token endpoint; tokens have a few KiB.
const TOKEN_ANSWER_MAX_BYTES: usize = 256 * 1024;
