//! Making signatures: for calls to the admin listener, for load generation, and for tests.
//!
//! The head of a request is taken as `http` has it: a `Host` header or an authority in the URI, the path encoded as it will
//! be sent, and every header that is to be signed already there.

mod chunks;
mod form;
mod v2;

use std::time::Duration;

use http::Uri;
use http::request::Parts;
use types::Timestamp;

pub use chunks::ChunkWriter;
pub use form::FormFields;

use crate::body::ChunkSeed;
use crate::payload::PayloadForm;
use crate::{Secret, hex};

/// Signs requests with one access key. Derived keys are kept, so one signer should serve many requests.
#[derive(Debug)]
pub struct Signer(sigv4::Signer);

impl Signer {
    /// A signer for one region and service, such as [`crate::S3_SERVICE`].
    #[must_use]
    pub fn new(access_key_id: &str, secret: Secret, region: &str, service: &'static str) -> Self {
        Self(sigv4::Signer::new(access_key_id, secret, region, service))
    }

    /// Signs with Signature Version 4 in the `Authorization` header: adds `x-amz-date`, `x-amz-content-sha256` and
    /// `Authorization`. The writer returned frames the body where `payload` is chunked.
    pub fn sign(&self, parts: &mut Parts, payload: PayloadForm, now: Timestamp) -> ChunkWriter {
        let signature = self.0.sign(parts, &payload.text(), now);
        let credential = self.0.credential_of(&signature.moment);
        let digits = hex::encode(&signature.bytes);
        ChunkWriter::new(payload, ChunkSeed::new(signature.key, &signature.moment, &credential, digits))
    }

    /// Presigns with Signature Version 4: the path and query of a URL that may be used for `life` by whoever has it, at
    /// most seven days. Headers of `parts` are signed and must be sent with it.
    #[must_use]
    pub fn presign(&self, parts: &Parts, life: Duration, now: Timestamp) -> Uri {
        self.0.presign(parts, life, now)
    }

    /// The credential as it stands in headers, queries and form fields.
    #[must_use]
    pub fn credential(&self, now: Timestamp) -> String {
        self.0.credential(now)
    }
}
