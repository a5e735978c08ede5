//! What each S3 operation means: admission, conditions, ranges, part rules, listings, errors.
//!
//! Knows: S3's rules between a typed request and the store's ports; the one map from a store's errors to S3's.
//! Does not know: HTTP, XML, signatures, how any store works.

mod admit;
mod bounded_body;
mod call;
mod capability;
mod conditions;
mod content_type;
mod digests;
mod error;
mod fits;
pub mod limits;
mod marker;
mod ops;
mod service;
mod settings;
mod subject;
mod support;

pub use admit::{Admitted, CopySource, Target};
pub use error::body_error;
pub use service::Service;
pub use settings::{BucketSettings, DEFAULT_REGION, Deletion, ServiceSettings};
pub use support::support;
