use std::time::Duration;

use http::Uri;
use http::request::Parts;
use types::Timestamp;

use crate::encode::encoded;
use crate::names::X_AMZ_CONTENT_SHA256;
use crate::payload::UNSIGNED;
use crate::request::{header, query};
use crate::sign::{Signer, signed_headers};
use crate::v4::ALGORITHM;
use crate::{date, hex};

impl Signer {
    /// Presigns with Signature Version 4: the path and query of a URL that may be used for `life` by whoever has it, at
    /// most seven days. Headers of `parts` are signed and must be sent with it.
    #[must_use]
    pub fn presign(&self, parts: &Parts, life: Duration, now: Timestamp) -> Uri {
        let moment = date::basic(now);
        let signed_headers = signed_headers(parts);
        let parameters = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &self.credential(now)),
            ("X-Amz-Date", &moment),
            ("X-Amz-Expires", &life.as_secs().to_string()),
            ("X-Amz-SignedHeaders", &signed_headers),
        ];
        let mut unsigned = parts.clone();
        unsigned.uri = with_parameters(parts, &parameters);
        let payload = header(parts, X_AMZ_CONTENT_SHA256).unwrap_or(UNSIGNED);
        let credential = self.credential_of(&moment);
        let (_, signature) = self.signature(&unsigned, &credential, [&moment, &signed_headers, payload]);
        with_parameters(&unsigned, &[("X-Amz-Signature", &hex::text(&signature))])
    }
}

/// The path and query of a request with further parameters at the end.
pub(super) fn with_parameters(parts: &Parts, parameters: &[(&str, &str)]) -> Uri {
    // A request for an authority or for `*` has no path that parameters could follow.
    let path = parts.uri.path();
    let mut text = if path.starts_with('/') { path.to_owned() } else { "/".to_owned() };
    let mut separator = '?';
    if !query(parts).is_empty() {
        text.push(separator);
        text.push_str(query(parts));
        separator = '&';
    }
    for (name, value) in parameters {
        text.push(separator);
        text.push_str(name);
        text.push('=');
        text.push_str(&encoded(value, None));
        separator = '&';
    }
    text.parse().expect("a path and query with encoded parameters added is one")
}
