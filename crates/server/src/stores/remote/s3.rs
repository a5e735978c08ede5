use std::sync::Arc;

use remote_s3::{Addressing, Conditional, Credentials, CredentialsSource, Endpoint, S3Options, S3Store};

use super::parts::Parts;
use super::{Provider, Surroundings};
use crate::config::{S3Conditional, S3Keys, S3StoreSettings, Secret};
use crate::credentials::{AwsChain, aws_region};
use crate::failure::Failure;

/// Where roles are assumed when no region is named: the one that has every service.
const CHAIN_REGION: &str = "us-east-1";

/// The region that Google's S3-interoperable side is signed for.
const INTEROPERABLE_REGION: &str = "auto";

/// A store on a service that speaks S3.
///
/// # Errors
/// Where the endpoint is none.
pub(super) async fn open(
    name: &str,
    settings: &S3StoreSettings,
    parts: &Parts,
    around: &Surroundings,
) -> Result<Provider, Failure> {
    let profile = match &settings.keys {
        S3Keys::Chain { profile } => profile.as_deref(),
        S3Keys::Fixed { .. } => None,
    };
    let region = match (&settings.region, &settings.keys) {
        (None, S3Keys::Chain { .. }) => aws_region(profile).await,
        (region, _) => region.clone(),
    };
    let addressing = match settings.path_style {
        None => Addressing::Auto,
        Some(true) => Addressing::Path,
        Some(false) => Addressing::Virtual,
    };
    let endpoint = match &settings.endpoint {
        Some(endpoint) => Endpoint::parse(endpoint, addressing),
        None => Endpoint::aws(region.as_deref().unwrap_or(CHAIN_REGION), addressing),
    };
    let endpoint =
        endpoint.map_err(|error| Failure::configuration(format!("store.{name}.endpoint: {error}")))?;
    let credentials: Arc<dyn CredentialsSource> = match &settings.keys {
        S3Keys::Fixed { id, secret, session_token } => fixed(id, secret, session_token.as_ref()),
        S3Keys::Chain { .. } => {
            let client = parts.client_for_credentials(name, around)?;
            let region = region.as_deref().unwrap_or(CHAIN_REGION);
            Arc::new(AwsChain::new(client, profile, region).await)
        }
    };
    let conditional = match settings.conditional {
        S3Conditional::Probe => Conditional::Probe,
        S3Conditional::Native => Conditional::Native,
        S3Conditional::Refuse => Conditional::Refuse,
    };
    Ok(provider(Spoken { endpoint, region, credentials, conditional }, parts, around))
}

/// A store on the side of Google Cloud Storage that speaks S3.
///
/// # Errors
/// Where the endpoint is none.
pub(super) fn open_interoperable(
    name: &str,
    endpoint: Option<&str>,
    (id, secret): (&Secret, &Secret),
    parts: &Parts,
    around: &Surroundings,
) -> Result<Provider, Failure> {
    let endpoint = Endpoint::parse(endpoint.unwrap_or(remote_gcs::ENDPOINT), Addressing::Path)
        .map_err(|error| Failure::configuration(format!("store.{name}.endpoint: {error}")))?;
    let region = Some(INTEROPERABLE_REGION.to_owned());
    let credentials = fixed(id, secret, None);
    let spoken = Spoken { endpoint, region, credentials, conditional: Conditional::Probe };
    Ok(provider(spoken, parts, around))
}

fn fixed(id: &Secret, secret: &Secret, session_token: Option<&Secret>) -> Arc<dyn CredentialsSource> {
    Arc::new(Credentials {
        access_key_id: id.expose().to_owned(),
        secret: remote_s3::Secret::new(secret.expose()),
        session_token: session_token.map(|token| remote_s3::Secret::new(token.expose())),
        expires_at: None,
    })
}

/// What an S3 service is spoken to with.
struct Spoken {
    endpoint: Endpoint,
    region: Option<String>,
    credentials: Arc<dyn CredentialsSource>,
    conditional: Conditional,
}

fn provider(spoken: Spoken, parts: &Parts, around: &Surroundings) -> Provider {
    let store = S3Store::new(S3Options {
        endpoint: spoken.endpoint,
        region: spoken.region,
        credentials: spoken.credentials,
        conditional: spoken.conditional,
        client: parts.client.clone(),
        ledger: parts.ledger.clone(),
        budget: around.budget.clone(),
        clock: around.clock.clone(),
        random: around.random.clone(),
        root_owner: super::root_owner(),
    });
    let running = store.clone();
    Provider {
        port: Arc::new(store),
        background: Box::new(move |stopped| {
            let store = running.clone();
            Box::pin(async move { store.run(stopped).await })
        }),
        own: Box::new(Vec::new),
    }
}
