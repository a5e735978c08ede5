use std::sync::Arc;

use remote_gcs::{ENDPOINT, GcsLimits, GcsOptions, GcsStore, Trust};

use super::parts::Parts;
use super::{Provider, Surroundings};
use crate::config::{GcsKeys, GcsStoreSettings};
use crate::credentials::gcs_identity;
use crate::failure::Failure;

/// A store on Google Cloud Storage. HMAC keys open its S3-interoperable side alone, so with them it is a store that speaks S3.
///
/// # Errors
/// Where the credentials cannot be used.
pub(super) fn open(
    name: &str,
    settings: &GcsStoreSettings,
    parts: &Parts,
    around: &Surroundings,
) -> Result<Provider, Failure> {
    if let GcsKeys::Hmac { id, secret } = &settings.keys {
        return super::s3::open_interoperable(
            name,
            settings.endpoint.as_deref(),
            (id, secret),
            parts,
            around,
        );
    }
    let identity = gcs_identity(name, settings, &*around.environment)?;
    let trust = if identity.endpoint.is_some() { Trust::Probe } else { Trust::Documented };
    let store = GcsStore::new(GcsOptions {
        endpoint: identity.endpoint.unwrap_or_else(|| ENDPOINT.to_owned()),
        project: identity.project,
        credentials: identity.credentials,
        client: parts.client.clone(),
        token_client: parts.client_for_credentials(name, around)?,
        ledger: parts.ledger.clone(),
        clock: around.clock.clone(),
        random: around.random.clone(),
        root_owner: super::root_owner(),
        trust,
        limits: GcsLimits::default(),
    });
    let running = store.clone();
    Ok(Provider {
        port: Arc::new(store),
        background: Box::new(move |stopped| {
            let store = running.clone();
            Box::pin(async move { store.run(stopped).await })
        }),
        own: Box::new(Vec::new),
    })
}
