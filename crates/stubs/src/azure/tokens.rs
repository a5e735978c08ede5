use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use types::Timestamp;

use super::answer::{document, plain};
use super::message::decode;

/// The federated token that the token endpoint takes.
const FEDERATED: &str = "federated-token";
/// What App Service's endpoint wants to see.
const IDENTITY_HEADER: &str = "identity-header";

/// The tokens that were issued, by any of the three endpoints.
pub(super) struct Tokens {
    lifetime: Duration,
    issued: usize,
    good: Vec<(String, Timestamp)>,
}

impl Tokens {
    pub(super) fn new(lifetime_secs: u64) -> Self {
        Self { lifetime: Duration::from_secs(lifetime_secs), issued: 0, good: Vec::new() }
    }

    pub(super) fn issued(&self) -> usize {
        self.issued
    }

    pub(super) fn revoke(&mut self) {
        self.good.clear();
    }

    pub(super) fn is_good(&self, token: &str, now: Timestamp) -> bool {
        self.good.iter().any(|(good, until)| good == token && *until > now)
    }

    fn issue(&mut self, now: Timestamp) -> (String, Timestamp) {
        self.issued += 1;
        let issued = (format!("token-{}", self.issued), now.plus(self.lifetime));
        self.good.push(issued.clone());
        issued
    }

    /// The answer to a request for a token; `None` where the request is none.
    pub(super) fn answer(&mut self, request: &Request<Bytes>, now: Timestamp) -> Option<Response<Bytes>> {
        let query = request.uri().query().unwrap_or_default();
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let for_storage = query.split('&').any(|pair| {
            decode(pair)
                .is_some_and(|pair| pair.trim_end_matches('/') == "resource=https://storage.azure.com")
        });
        let allowed = match request.uri().path() {
            "/metadata/identity/oauth2/token" => for_storage && header("metadata") == Some("true"),
            "/msi/token" => for_storage && header("x-identity-header") == Some(IDENTITY_HEADER),
            "/tenant/oauth2/v2.0/token" => is_exchange(request.body()),
            _ => return None,
        };
        if !allowed {
            return Some(plain(400));
        }
        let (token, until) = self.issue(now);
        // One endpoint writes numbers as text and names the moment, the others tell how long.
        let lifetime = self.lifetime.as_secs();
        let mut response = document(match request.uri().path() {
            "/tenant/oauth2/v2.0/token" => {
                format!(r#"{{"token_type":"Bearer","expires_in":{lifetime},"access_token":"{token}"}}"#)
            }
            _ => format!(
                r#"{{"access_token":"{token}","expires_on":"{}","resource":"https://storage.azure.com/","token_type":"Bearer"}}"#,
                until.as_secs()
            ),
        });
        super::answer::set(&mut response, "content-type", "application/json");
        Some(response)
    }
}

/// Whether a form asks for a token in exchange for the federated one.
fn is_exchange(body: &Bytes) -> bool {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let field = |name: &str| {
        text.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).and_then(decode)
    };
    field("grant_type").as_deref() == Some("client_credentials")
        && field("client_assertion").as_deref() == Some(FEDERATED)
        && field("client_assertion_type").as_deref()
            == Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        && field("scope").as_deref() == Some("https://storage.azure.com/.default")
        && field("client_id").is_some()
}
