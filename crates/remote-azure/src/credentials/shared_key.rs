use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::request::Parts;
use remote::{RemoteError, RemoteErrorKind};
use types::Timestamp;

use crate::encode::{http_date, percent_decode};

/// An account's key, which signs every request.
///
/// Source: "Authorize with Shared Key" in the Azure Storage REST reference.
#[derive(Clone)]
pub struct SharedKey {
    account: String,
    key: Arc<hmac::Key>,
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The headers of HTTP's own that are signed, in their order.
const SIGNED: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];
const DATE: HeaderName = HeaderName::from_static("x-ms-date");

impl SharedKey {
    /// Takes an account's key, in Base64 as the portal shows it; `None` where it is no Base64.
    #[must_use]
    pub fn new(account: &str, key_base64: &str) -> Option<Self> {
        let key = STANDARD.decode(key_base64.trim()).ok().filter(|key| !key.is_empty())?;
        let key = Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &key));
        Some(Self { account: account.to_owned(), key })
    }

    /// The account's name.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The signature of a text, in Base64.
    pub(crate) fn sign_text(&self, text: &str) -> String {
        STANDARD.encode(hmac::sign(&self.key, text.as_bytes()))
    }

    /// Dates and signs a request.
    pub(crate) fn sign(&self, parts: &mut Parts, now: Timestamp) -> Result<(), RemoteError> {
        const UNSIGNABLE: RemoteErrorKind = RemoteErrorKind::Malformed("a request that cannot be signed");
        let date = HeaderValue::from_str(&http_date(now)).map_err(|_| UNSIGNABLE)?;
        parts.headers.insert(DATE, date);
        let text = string_to_sign(&self.account, parts).ok_or(UNSIGNABLE)?;
        let proof = format!("SharedKey {}:{}", self.account, self.sign_text(&text));
        let mut proof = HeaderValue::from_str(&proof).map_err(|_| UNSIGNABLE)?;
        proof.set_sensitive(true);
        parts.headers.insert(AUTHORIZATION, proof);
        Ok(())
    }
}

/// What is signed of a request; `None` where a header is no text or the query no UTF-8.
fn string_to_sign(account: &str, parts: &Parts) -> Option<String> {
    let mut text = parts.method.as_str().to_owned();
    for name in SIGNED {
        text.push('\n');
        let value = parts.headers.get(name).map_or(Some(""), |value| value.to_str().ok())?;
        // A length of nothing is signed as no length.
        if name != "content-length" || value != "0" {
            text.push_str(value);
        }
    }
    let mut own: Vec<(&str, &HeaderValue)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .collect();
    own.sort_by_key(|(name, _)| *name);
    for (name, value) in own {
        text.push('\n');
        text.push_str(name);
        text.push(':');
        text.push_str(value.to_str().ok()?.trim());
    }
    text.push_str("\n/");
    text.push_str(account);
    text.push_str(parts.uri.path());
    push_query(&mut text, parts.uri.query().unwrap_or_default())?;
    Some(text)
}

/// Each parameter on a line of its own, by name in lower case, values decoded; several of one name joined in order.
fn push_query(text: &mut String, query: &str) -> Option<()> {
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((percent_decode(name)?.to_lowercase(), percent_decode(value)?));
    }
    pairs.sort();
    let mut last: Option<&str> = None;
    for (name, value) in &pairs {
        if last == Some(name) {
            text.push(',');
        } else {
            text.push('\n');
            text.push_str(name);
            text.push(':');
        }
        text.push_str(value);
        last = Some(name);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(method: &str, url: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// The examples of "Authorize with Shared Key".
    #[test]
    fn the_published_strings_are_signed() {
        let list = parts(
            "GET",
            "https://myaccount.blob.core.windows.net/mycontainer?comp=metadata&restype=container&timeout=20",
            &[("x-ms-version", "2015-02-21"), ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT")],
        );
        let expected = "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20";
        assert_eq!(string_to_sign("myaccount", &list).unwrap(), expected);
        let several = parts(
            "GET",
            "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=list&include=snapshots&include=metadata&include=uncommittedblobs",
            &[],
        );
        let text = string_to_sign("myaccount", &several).unwrap();
        let expected = "/myaccount/mycontainer\ncomp:list\ninclude:metadata,snapshots,uncommittedblobs\nrestype:container";
        assert!(text.ends_with(expected), "{text}");
        let secondary =
            parts("GET", "https://myaccount-secondary.blob.core.windows.net/mycontainer/myblob", &[]);
        assert!(
            string_to_sign("myaccount", &secondary).unwrap().ends_with("\n/myaccount/mycontainer/myblob")
        );
        let emulator = parts("GET", "http://127.0.0.1:10000/devstoreaccount1/c", &[]);
        let text = string_to_sign("devstoreaccount1", &emulator).unwrap();
        assert!(text.ends_with("\n/devstoreaccount1/devstoreaccount1/c"), "{text}");
    }

    #[test]
    fn lengths_dates_and_escapes_are_signed_as_the_reference_says() {
        let empty = parts(
            "PUT",
            "http://h/a/c/%E2%82%AC%20x?Comp=block&blockid=YQ%3D%3D",
            &[("content-length", "0")],
        );
        let text = string_to_sign("a", &empty).unwrap();
        assert_eq!(text, "PUT\n\n\n\n\n\n\n\n\n\n\n\n/a/a/c/%E2%82%AC%20x\nblockid:YQ==\ncomp:block");
        let full = parts(
            "PUT",
            "http://h/c/b",
            &[("content-length", "11"), ("range", "bytes=0-4"), ("x-ms-meta-b", " v "), ("x-ms-meta-a", "1")],
        );
        let text = string_to_sign("a", &full).unwrap();
        assert_eq!(text, "PUT\n\n\n11\n\n\n\n\n\n\n\nbytes=0-4\nx-ms-meta-a:1\nx-ms-meta-b:v\n/a/c/b");
    }

    /// The signature was computed by `openssl dgst -sha256 -mac HMAC` with the emulators' published key.
    #[test]
    fn a_signature_is_the_hmac_under_the_decoded_key() {
        let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
        let key = SharedKey::new("devstoreaccount1", key).unwrap();
        assert_eq!(
            key.sign_text("GET\n\n/devstoreaccount1/"),
            "gQk8kIj516KR/nUtKJc6otX7dOXRj2wheYkMtNy/Q84="
        );
        assert!(SharedKey::new("a", "no base64!").is_none());
        assert!(!format!("{key:?}").contains("Eby8"));
    }
}
