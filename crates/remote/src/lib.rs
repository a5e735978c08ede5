//! What all stores elsewhere share: a client for HTTP that fails well, and the ledger of what a provider has no room for.
//!
//! Knows: connections, time-outs, retries and their budget, circuit breakers; records of buckets, uploads, parts and identities over a metadata engine.
//! Does not know: any provider, S3's errors, files of settings, the environment.

mod attempt;
mod authorize;
mod breaker;
mod client;
mod error;
mod fold;
mod http_date;
mod ledger;
mod options;
mod pages;
mod request;
mod response;
mod resume;
mod retry;
mod stats;
mod transport;

pub use authorize::{Anonymous, Authorize};
pub use client::Client;
pub use error::{RemoteError, RemoteErrorKind};
pub use fold::{Fold, Folded};
pub use http_date::{http_date, to_http_date};
pub use ledger::{
    BucketRecord, IDENTITY_PROVIDER_MAX_BYTES, IdentityRecord, Ledger, PROVIDER_RECORD_MAX_BYTES, PartRecord,
    UploadRecord,
};
pub use options::{BreakerLimits, ClientOptions, Limits, RetryLimits, Roots};
pub use pages::Pages;
pub use request::{Payload, Replay, Request};
pub use response::Response;
pub use resume::resume;
pub use stats::Stats;
