use std::sync::Arc;

use remote_drime::{Conditional, DrimeOptions, DrimeStore, Root, Tuning};

use super::parts::Parts;
use super::{Provider, Surroundings};
use crate::config::{DrimeConditional, DrimeRoot, DrimeStoreSettings};

/// A store on a Drime cloud drive.
pub(super) fn open(settings: &DrimeStoreSettings, parts: &Parts, around: &Surroundings) -> Provider {
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
    let running = store.clone();
    Provider {
        port: Arc::new(store),
        background: Box::new(move |stopped| {
            let store = running.clone();
            Box::pin(async move { store.run(stopped).await })
        }),
    }
}
