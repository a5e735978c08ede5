use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use parking_lot::Mutex;
use remote::{Authorize, RemoteError, RemoteErrorKind};
use sigv4::Signer;
use types::Timestamp;

use crate::credentials::{Credentials, Keyring};
use crate::wire::skew::Skew;

/// The service that requests are signed for.
const SERVICE: &str = "s3";
/// How many signers are kept: one for each region and access key in use.
const MAX_SIGNERS: usize = 16;

/// Signers by access key and region, each with its derived keys.
#[derive(Default)]
pub(crate) struct Signers(Mutex<Vec<(String, Arc<Signer>)>>);

impl Signers {
    fn get(&self, credentials: &Credentials, region: &str) -> Arc<Signer> {
        let mut kept = self.0.lock();
        // A key may be given another secret under its old id.
        let is_for = |signer: &Signer| {
            signer.access_key_id() == credentials.access_key_id
                && signer.secret().as_bytes() == credentials.secret.as_bytes()
        };
        let found = kept.iter().position(|(of, signer)| of == region && is_for(signer));
        if let Some(at) = found {
            return Arc::clone(&kept[at].1);
        }
        let signer = Signer::new(&credentials.access_key_id, credentials.secret.clone(), region, SERVICE);
        let signer = Arc::new(signer);
        if kept.len() == MAX_SIGNERS {
            kept.remove(0);
        }
        kept.push((region.to_owned(), Arc::clone(&signer)));
        signer
    }
}

/// Signs the attempts at one request.
pub(crate) struct Proof<'a> {
    pub(crate) keyring: &'a Keyring,
    pub(crate) signers: &'a Signers,
    pub(crate) skew: &'a Skew,
    pub(crate) region: &'a str,
    /// The body's hash, or what stands in its place.
    pub(crate) payload: &'a str,
}

#[async_trait]
impl Authorize for Proof<'_> {
    async fn authorize(&self, parts: &mut Parts, now: Timestamp) -> Result<(), RemoteError> {
        let no_credentials = |error| RemoteError::with_source(RemoteErrorKind::Credentials, error);
        let credentials = self.keyring.get().await.map_err(no_credentials)?;
        if let Some(token) = &credentials.session_token {
            let mut token = HeaderValue::from_bytes(token.as_bytes())
                .map_err(|error| RemoteError::with_source(RemoteErrorKind::Credentials, error))?;
            token.set_sensitive(true);
            parts.headers.insert("x-amz-security-token", token);
        }
        let signer = self.signers.get(&credentials, self.region);
        signer.sign(parts, self.payload, self.skew.apply(now));
        Ok(())
    }

    fn refused(&self, status: StatusCode) -> bool {
        // 403 may also mean that the account may not do this: only credentials that the source may have others for are worth
        // another try.
        matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) && self.keyring.refused()
    }
}
