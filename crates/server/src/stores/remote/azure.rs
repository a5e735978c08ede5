use std::sync::Arc;

use remote_azure::{AzureOptions, AzureStore};

use super::parts::Parts;
use super::{Provider, Surroundings};
use crate::config::AzureStoreSettings;
use crate::credentials::azure_identity;
use crate::failure::Failure;

/// A store on Azure Blob Storage.
///
/// # Errors
/// Where the account or its proof cannot be used.
pub(super) fn open(
    name: &str,
    settings: &AzureStoreSettings,
    parts: &Parts,
    around: &Surroundings,
) -> Result<Provider, Failure> {
    let client = parts.client_for_credentials(name, around)?;
    let (endpoint, credential) = azure_identity(name, settings, &*around.environment, client)?;
    let store = AzureStore::new(AzureOptions {
        endpoint,
        credential,
        client: parts.client.clone(),
        ledger: parts.ledger.clone(),
        clock: around.clock.clone(),
        random: around.random.clone(),
        root_owner: super::root_owner(),
        staging: settings.staging.clone(),
        part_min_bytes: AzureOptions::PART_MIN_BYTES,
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
