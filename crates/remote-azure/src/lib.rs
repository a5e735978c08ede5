//! Azure Blob Storage as a store: containers are buckets, block blobs are objects.
//!
//! Knows: the Blob service's REST interface, its proofs of identity, and how S3's words fit into its headers.
//! Does not know: other providers, HTTP connections, settings files, who asks.

mod api;
mod buckets;
mod capabilities;
mod compose;
mod credentials;
mod encode;
mod gates;
mod multipart;
mod object;
mod options;
mod staging;
mod store;

pub use credentials::{
    ConnectionStringError, Credential, FederatedToken, IdentityEndpoint, ManagedIdentity, SharedKey, Token,
    TokenCache, TokenSource, WorkloadIdentity, parse_connection_string,
};
pub use options::{AzureOptions, Endpoint, InvalidEndpoint};
pub use store::AzureStore;
