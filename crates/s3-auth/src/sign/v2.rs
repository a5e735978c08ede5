use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, DATE};
use http::request::Parts;
use http::{HeaderValue, Uri};
use sigv4::with_parameters;
use types::Timestamp;

use crate::date;
use crate::request::query;
use crate::sign::Signer;
use crate::v2::{DateLine, EmptyValue, SignedParts, string_to_sign};

impl Signer {
    /// Signs with Signature Version 2 in the `Authorization` header: adds `Date` and `Authorization`. `virtual_bucket` is
    /// the bucket where the host name bears it.
    pub fn sign_v2(&self, parts: &mut Parts, virtual_bucket: Option<&str>, now: Timestamp) {
        parts.headers.insert(DATE, value(&date::http(now)));
        let signature = self.signature_v2(parts, virtual_bucket, DateLine::Header);
        parts.headers.insert(AUTHORIZATION, value(&format!("AWS {}:{signature}", self.0.access_key_id())));
    }

    /// Presigns with Signature Version 2: the path and query of a URL that may be used until `expires`.
    #[must_use]
    pub fn presign_v2(&self, parts: &Parts, virtual_bucket: Option<&str>, expires: Timestamp) -> Uri {
        let seconds = expires.as_secs().to_string();
        let signature = self.signature_v2(parts, virtual_bucket, DateLine::Expires(&seconds));
        let parameters =
            [("AWSAccessKeyId", self.0.access_key_id()), ("Expires", &seconds), ("Signature", &signature)];
        with_parameters(parts, &parameters)
    }

    fn signature_v2(&self, parts: &Parts, virtual_bucket: Option<&str>, date: DateLine<'_>) -> String {
        let signed = SignedParts {
            method: parts.method.as_str(),
            headers: &parts.headers,
            virtual_bucket,
            path: parts.uri.path(),
            query: query(parts),
            date,
        };
        self.sign_text_v2(&string_to_sign(&signed, EmptyValue::AsSent))
    }

    pub(super) fn sign_text_v2(&self, text: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.0.secret().as_bytes());
        STANDARD.encode(hmac::sign(&key, text))
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("dates, signatures and access key ids are visible ASCII")
}
