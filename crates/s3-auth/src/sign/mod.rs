//! Making signatures: for calls to the admin listener, for load generation, and for tests.
//!
//! The head of a request is taken as `http` has it: a `Host` header or an authority in the URI, the path encoded as it will
//! be sent, and every header that is to be signed already there.

mod chunks;
mod form;
mod presign;
mod v2;

use std::fmt;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::request::Parts;
use types::Timestamp;

pub use chunks::ChunkWriter;
pub use form::FormFields;

use crate::body::ChunkSeed;
use crate::payload::PayloadForm;
use crate::request::{host, query};
use crate::v4::{
    ALGORITHM, CANONICAL_BYTES, CanonicalParts, Credential, HostForm, PathForm, SigningKey, SigningKeys,
    TERMINATOR, Text, canonical_request, derive, string_to_sign,
};
use crate::{Secret, date, hex};

/// Headers that are not signed, since what lies between client and server may change them.
const NOT_SIGNED: [&str; 8] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "te",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

/// Signs requests with one access key. Derived keys are kept, so one signer should serve many requests.
pub struct Signer {
    access_key_id: Box<str>,
    secret: Secret,
    region: Box<str>,
    service: &'static str,
    signing_keys: SigningKeys,
}

impl Signer {
    /// A signer for one region and service, such as [`crate::S3_SERVICE`].
    #[must_use]
    pub fn new(access_key_id: &str, secret: Secret, region: &str, service: &'static str) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret,
            region: region.into(),
            service,
            signing_keys: SigningKeys::default(),
        }
    }

    /// Signs with Signature Version 4 in the `Authorization` header: adds `x-amz-date`, `x-amz-content-sha256` and
    /// `Authorization`. The writer returned frames the body where `payload` is chunked.
    pub fn sign(&self, parts: &mut Parts, payload: PayloadForm, now: Timestamp) -> ChunkWriter {
        let moment = date::basic(now);
        let payload_text = payload.text();
        parts.headers.insert("x-amz-date", value(&moment));
        parts.headers.insert("x-amz-content-sha256", value(&payload_text));
        let signed_headers = signed_headers(parts);
        let credential = self.credential_of(&moment);
        let (key, signature) = self.signature(parts, &credential, [&moment, &signed_headers, &payload_text]);
        let authorization = format!(
            "{ALGORITHM} Credential={}, SignedHeaders={signed_headers}, Signature={}",
            self.credential(now),
            hex::text(&signature),
        );
        parts.headers.insert(AUTHORIZATION, value(&authorization));
        ChunkWriter::new(payload, ChunkSeed::new(key, &moment, &credential, hex::encode(&signature)))
    }

    /// The credential as it stands in headers, queries and form fields.
    #[must_use]
    pub fn credential(&self, now: Timestamp) -> String {
        let moment = date::basic(now);
        let Credential { key_id, date, region, service } = self.credential_of(&moment);
        format!("{key_id}/{date}/{region}/{service}/{TERMINATOR}")
    }

    fn credential_of<'a>(&'a self, moment: &'a str) -> Credential<'a> {
        Credential {
            key_id: &self.access_key_id,
            date: &moment[..8],
            region: &self.region,
            service: self.service,
        }
    }

    fn key(&self, credential: &Credential<'_>) -> SigningKey {
        self.signing_keys.find(credential).unwrap_or_else(|| {
            let key = derive(&self.secret, credential);
            self.signing_keys.keep(credential, &key);
            key
        })
    }

    /// The signature of a head, given its date, signed headers and payload.
    fn signature(
        &self,
        parts: &Parts,
        credential: &Credential<'_>,
        [moment, signed_headers, payload]: [&str; 3],
    ) -> (SigningKey, [u8; 32]) {
        let canonical = CanonicalParts {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: query(parts),
            headers: &parts.headers,
            host: host(parts),
            signed_headers,
            payload,
        };
        let mut text = Text::with_capacity(CANONICAL_BYTES);
        canonical_request(&canonical, PathForm::Encoded, HostForm::AsSent, &mut text);
        let key = self.key(credential);
        let tag = aws_lc_rs::hmac::sign(&key, &string_to_sign(moment, credential, &text));
        (key, tag.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes"))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("access_key_id", &self.access_key_id)
            .field("region", &self.region)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// The names of all headers that are signed, sorted, with `;` between.
fn signed_headers(parts: &Parts) -> String {
    let names = parts.headers.keys().map(http::HeaderName::as_str);
    let mut names: Vec<&str> = names.filter(|name| !NOT_SIGNED.contains(name) && *name != "host").collect();
    names.push("host");
    names.sort_unstable();
    names.join(";")
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("dates, hashes and access key ids are visible ASCII")
}
