use std::sync::Arc;

use remote_drime::{Conditional, DrimeOptions, DrimeStore, Root, Tuning};

use super::parts::Parts;
use super::{Provider, Surroundings, readings};
use crate::config::{DrimeConditional, DrimeRoot, DrimeStoreSettings};
use crate::failure::Failure;

/// A store on a Drime cloud drive.
///
/// # Errors
/// Where the token cannot be sent.
pub(super) fn open(
    name: &str,
    settings: &DrimeStoreSettings,
    parts: &Parts,
    around: &Surroundings,
) -> Result<Provider, Failure> {
    let store = DrimeStore::new(DrimeOptions {
        endpoint: settings.endpoint.clone(),
        token: settings.token.expose().to_owned(),
        workspace: settings.workspace,
        root: match settings.root {
            DrimeRoot::Buckets => Root::Buckets,
            DrimeRoot::Default => Root::Default,
        },
        conditional: match settings.conditional {
            DrimeConditional::Refuse => Conditional::Refuse,
            DrimeConditional::Exclusive => Conditional::Exclusive,
        },
        client: parts.client.clone(),
        ledger: parts.ledger.clone(),
        clock: around.clock.clone(),
        random: around.random.clone(),
        budget: around.budget.clone(),
        root_owner: super::root_owner(),
        tuning: Tuning::default(),
    });
    let store = store.map_err(|error| Failure::configuration(format!("store.{name}.token: {error}")))?;
    let (running, counting) = (store.clone(), store.clone());
    Ok(Provider {
        port: Arc::new(store),
        background: Box::new(move |stopped| {
            let store = running.clone();
            Box::pin(async move { store.run(stopped).await })
        }),
        own: Box::new(move || readings::drive(&counting.stats())),
    })
}
