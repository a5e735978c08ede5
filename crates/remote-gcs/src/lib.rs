//! Google Cloud Storage as a store.
//!
//! Knows: its JSON and XML APIs, generations and their conditions, how S3's identity rides in object metadata, tokens.
//! Does not know: other providers, S3's wire, where settings come from.

mod api;
mod body;
mod bucket_cache;
mod buckets;
mod class;
mod copy;
mod credentials;
mod delete;
mod facts;
mod found;
mod guard;
mod identity;
mod list;
mod multipart;
mod names;
mod options;
mod probe;
mod put;
mod read;
mod runs;
mod store;
mod table;
mod tags;
mod time;
mod upload;
mod versions;
mod walks;

pub use credentials::{
    AuthorizedUser, Bearer, Credentials, InvalidCredentials, MetadataServer, ServiceAccount, Token,
    TokenSource,
};
pub use options::{ENDPOINT, GcsLimits, GcsOptions, Trust};
pub use store::GcsStore;
