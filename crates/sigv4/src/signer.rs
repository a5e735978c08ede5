use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderValue, Uri};
use types::Timestamp;

use crate::encode::encoded;
use crate::{
    ALGORITHM, CANONICAL_BYTES, CanonicalParts, Credential, HostForm, PathForm, Secret, SigningKey,
    SigningKeys, TERMINATOR, Text, UNSIGNED_PAYLOAD, basic_date, canonical_request, derive, hex,
    string_to_sign,
};

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
///
/// The head of a request is taken as `http` has it: a `Host` header or an authority in the URI, the path encoded as it will
/// be sent, and every header that is to be signed already there, `x-amz-security-token` among them.
pub struct Signer {
    access_key_id: Box<str>,
    secret: Secret,
    region: Box<str>,
    service: &'static str,
    signing_keys: SigningKeys,
}

/// A signature that was made, with what chunks of the body go on from.
pub struct Signature {
    /// The key it was made with.
    pub key: SigningKey,
    /// `yyyyMMdd'T'HHmmss'Z'`.
    pub moment: String,
    /// The signature itself.
    pub bytes: [u8; 32],
}

impl Signer {
    /// A signer for one region and service, such as `s3`.
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

    /// The id of the access key.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret of the access key.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Signs in the `Authorization` header: adds `x-amz-date`, `x-amz-content-sha256` and `Authorization`. `payload` is the
    /// body's SHA-256 as 64 lower-case digits, or what stands in its place.
    ///
    /// # Panics
    /// Where `payload`, the access key id or the region is not visible ASCII.
    pub fn sign(&self, parts: &mut Parts, payload: &str, now: Timestamp) -> Signature {
        let moment = basic_date(now);
        parts.headers.insert("x-amz-date", value(&moment));
        parts.headers.insert("x-amz-content-sha256", value(payload));
        let signed_headers = signed_headers(parts);
        let credential = self.credential_of(&moment);
        let (key, bytes) = self.signature(parts, &credential, [&moment, &signed_headers, payload]);
        let authorization = format!(
            "{ALGORITHM} Credential={}, SignedHeaders={signed_headers}, Signature={}",
            self.credential(now),
            hex::text(&bytes),
        );
        parts.headers.insert(AUTHORIZATION, value(&authorization));
        Signature { key, moment, bytes }
    }

    /// Presigns: the path and query of a URL that may be used for `life` by whoever has it, at most seven days. Headers of
    /// `parts` are signed and must be sent with it.
    #[must_use]
    pub fn presign(&self, parts: &Parts, life: Duration, now: Timestamp) -> Uri {
        let moment = basic_date(now);
        let signed_headers = signed_headers(parts);
        let parameters = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &self.credential(now)),
            ("X-Amz-Date", &moment),
            ("X-Amz-Expires", &life.as_secs().to_string()),
            ("X-Amz-SignedHeaders", &signed_headers),
        ];
        let mut unsigned = parts.clone();
        if let Some(host) = parts.uri.authority().filter(|_| !parts.headers.contains_key(HOST)) {
            unsigned.headers.insert(HOST, value(host.as_str()));
        }
        unsigned.uri = with_parameters(parts, &parameters);
        let named = parts.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
        let payload = named.map_or(UNSIGNED_PAYLOAD, str::trim);
        let credential = self.credential_of(&moment);
        let (_, signature) = self.signature(&unsigned, &credential, [&moment, &signed_headers, payload]);
        with_parameters(&unsigned, &[("X-Amz-Signature", &hex::text(&signature))])
    }

    /// The credential as it stands in headers, queries and form fields.
    #[must_use]
    pub fn credential(&self, now: Timestamp) -> String {
        let moment = basic_date(now);
        let Credential { key_id, date, region, service } = self.credential_of(&moment);
        format!("{key_id}/{date}/{region}/{service}/{TERMINATOR}")
    }

    /// The credential of a moment, written `yyyyMMdd'T'HHmmss'Z'`.
    ///
    /// # Panics
    /// Where `moment` is shorter than a day.
    #[must_use]
    pub fn credential_of<'a>(&'a self, moment: &'a str) -> Credential<'a> {
        Credential {
            key_id: &self.access_key_id,
            date: &moment[..8],
            region: &self.region,
            service: self.service,
        }
    }

    /// The signing key of a scope.
    #[must_use]
    pub fn key(&self, credential: &Credential<'_>) -> SigningKey {
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
            query: parts.uri.query().unwrap_or_default(),
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

/// The `Host` header of a request, or the authority of its URI.
#[must_use]
pub fn host(parts: &Parts) -> &[u8] {
    let header = parts.headers.get(HOST).map(HeaderValue::as_bytes);
    header.unwrap_or_else(|| parts.uri.authority().map_or(b"", |authority| authority.as_str().as_bytes()))
}

/// The path and query of a request with further parameters at the end.
///
/// # Panics
/// Where a name of `parameters` has a byte that no query may have.
#[must_use]
pub fn with_parameters(parts: &Parts, parameters: &[(&str, &str)]) -> Uri {
    // A request for an authority or for `*` has no path that parameters could follow.
    let path = parts.uri.path();
    let mut text = if path.starts_with('/') { path.to_owned() } else { "/".to_owned() };
    let mut separator = '?';
    if let Some(query) = parts.uri.query().filter(|query| !query.is_empty()) {
        text.push(separator);
        text.push_str(query);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sha256;

    /// Source: "Examples: Signature Calculations", GET Object and presigned URL.
    #[test]
    fn signs_the_published_examples() {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let signer = Signer::new("AKIAIOSFODNN7EXAMPLE", secret, "us-east-1", "s3");
        let now = Timestamp::from_secs(1_369_353_600);
        let url = "https://examplebucket.s3.amazonaws.com/test.txt";
        let (mut parts, ()) =
            http::Request::get(url).header("range", "bytes=0-9").body(()).unwrap().into_parts();
        let signature = signer.sign(&mut parts, &hex::text(&sha256(b"")), now);
        assert_eq!(
            hex::text(&signature.bytes),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        let (parts, ()) = http::Request::get(url).body(()).unwrap().into_parts();
        let signed = signer.presign(&parts, Duration::from_secs(86_400), now);
        let signature = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert!(signed.to_string().ends_with(&format!("&X-Amz-Signature={signature}")), "{signed}");
    }
}
