use serde_json::{Map, Value, json};
use store::Support;

use super::{capabilities_of, operations};
use crate::stores::OpenedStore;

/// What each store can do, as a JSON document: by store its kind, its capabilities and its operations.
pub(crate) fn answer(stores: &[OpenedStore]) -> String {
    let stores: Map<String, Value> =
        stores.iter().map(|store| (store.name.clone(), of_store(store))).collect();
    json!({ "stores": stores }).to_string()
}

fn of_store(store: &OpenedStore) -> Value {
    let capabilities = capabilities_of(&store.port());
    let rows = capabilities.rows();
    let named = rows.iter().map(|(name, support)| ((*name).to_owned(), of_support(*support)));
    let done = operations()
        .into_iter()
        .map(|row| (row.name.to_owned(), of_support(service::support(row.operation, &capabilities))));
    json!({
        "kind": store.kind(),
        "capabilities": named.collect::<Map<_, _>>(),
        "operations": done.collect::<Map<_, _>>(),
    })
}

fn of_support(support: Support) -> Value {
    match support {
        Support::Yes => json!({ "support": "native" }),
        Support::Supplied(how) => json!({ "support": "supplied", "how": how }),
        Support::No(why) => json!({ "support": "refused", "why": why }),
    }
}
