//! Tokens: issued for signed assertions and refresh tokens, and by the metadata server.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Method, Response};
use serde_json::{Value, json};
use types::{Clock, SystemClock};

use super::reply;
use super::request::{Asked, pairs};

const EMAIL: &str = "stub@project.iam.gserviceaccount.com";
const CLIENT_ID: &str = "client.apps.googleusercontent.com";
const CLIENT_SECRET: &str = "client secret & more";
const REFRESH_TOKEN: &str = "1//refresh";
/// How far the clock of whoever signs may be off.
const SKEW_SECS: u64 = 300;

/// Who may ask, and the tokens that say so.
pub(super) struct Auth {
    key: KeyPair,
    tokens: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    good: BTreeSet<String>,
    issued: usize,
}

impl Auth {
    pub(super) fn new() -> Result<Self, ()> {
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| ())?;
        Ok(Self { key, tokens: Mutex::default() })
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn revoke(&self) {
        self.tokens().good.clear();
    }

    pub(super) fn issued(&self) -> usize {
        self.tokens().issued
    }

    pub(super) fn service_account(&self, endpoint: &str) -> String {
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.key);
        let digits = der.map(|der| STANDARD.encode(der.as_ref())).unwrap_or_default();
        let lines: Vec<&str> =
            digits.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        json!({
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "key-1",
            "private_key": key,
            "client_email": EMAIL,
            "token_uri": format!("{endpoint}/token"),
        })
        .to_string()
    }

    pub(super) fn authorized_user(&self, endpoint: &str) -> String {
        json!({
            "type": "authorized_user",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "quota_project_id": "project",
            "token_uri": format!("{endpoint}/token"),
        })
        .to_string()
    }

    /// Answers requests for tokens; leaves all others.
    pub(super) fn answer(&self, asked: &Asked) -> Option<Response<Bytes>> {
        let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["token"] if asked.method == Method::POST => Some(self.exchange(asked)),
            ["computeMetadata", "v1", "instance", "service-accounts", "default", "token"] => {
                Some(self.metadata(asked))
            }
            _ => None,
        }
    }

    /// Whether a request bears a token that is good.
    pub(super) fn admits(&self, asked: &Asked) -> bool {
        let token = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        token.is_some_and(|token| self.tokens().good.contains(token))
    }

    fn issue(&self) -> Response<Bytes> {
        let mut tokens = self.tokens();
        tokens.issued += 1;
        let token = format!("ya29.stub-{}", tokens.issued);
        tokens.good.insert(token.clone());
        reply::document(&json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" }))
    }

    fn exchange(&self, asked: &Asked) -> Response<Bytes> {
        let form = pairs(std::str::from_utf8(&asked.body).unwrap_or_default());
        let field =
            |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let is_good = match field("grant_type") {
            Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => {
                field("assertion").is_some_and(|assertion| self.verify(assertion, asked).is_some())
            }
            Some("refresh_token") => {
                field("client_id") == Some(CLIENT_ID)
                    && field("client_secret") == Some(CLIENT_SECRET)
                    && field("refresh_token") == Some(REFRESH_TOKEN)
            }
            _ => false,
        };
        if is_good {
            return self.issue();
        }
        let refusal = json!({ "error": "invalid_grant", "error_description": "Bad Request" });
        reply::with(400, "application/json", refusal.to_string())
    }

    /// Verifies an assertion: its signature, and every claim.
    fn verify(&self, assertion: &str, asked: &Asked) -> Option<()> {
        let (signed, signature) = assertion.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key.public_key().as_ref());
        key.verify(signed.as_bytes(), &signature).ok()?;
        let read = |text: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
        };
        let (header, claims) = (read(header)?, read(claims)?);
        let host = asked.header("host")?;
        let (issued, expires) = (claims.get("iat")?.as_u64()?, claims.get("exp")?.as_u64()?);
        let now = SystemClock.now().as_secs();
        let is_timely = issued <= now + SKEW_SECS && expires > now && expires <= issued + 3600;
        let is_ours = header.get("alg")? == "RS256"
            && claims.get("iss")? == EMAIL
            && claims.get("aud")?.as_str()?.ends_with("/token")
            && claims.get("scope")?.as_str()?.contains("devstorage");
        (is_timely && is_ours && !host.is_empty()).then_some(())
    }

    fn metadata(&self, asked: &Asked) -> Response<Bytes> {
        if asked.header("metadata-flavor") != Some("Google") {
            return reply::with(403, "text/html", "Missing Metadata-Flavor:Google header");
        }
        let mut response = self.issue();
        response.headers_mut().insert("metadata-flavor", HeaderValue::from_static("Google"));
        response
    }
}
