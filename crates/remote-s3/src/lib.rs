//! A store on another S3: AWS, MinIO, Ceph, R2, B2, Garage, another Sluice.
//!
//! Knows: S3's requests, answers and refusals as a client sees them; regions, signatures' dates, what services leave out.
//! Does not know: other providers, where credentials come from, settings, who asks.

mod checksum;
mod credentials;
mod date;
mod endpoint;
mod headers;
mod options;
mod outgoing;
mod probe;
mod store;
mod wire;
mod xml;

pub use credentials::{Credentials, CredentialsSource, NoCredentials};
pub use endpoint::{Addressing, Endpoint, InvalidEndpoint};
pub use options::{Conditional, S3Options};
pub use probe::Proven;
pub use store::S3Store;

pub use sigv4::Secret;
