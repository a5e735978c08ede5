use serde_json::{Map, Value, json};
use store::{SharedStore, Support};

use super::{capabilities_of, operations};
use crate::stores::{Assembled, LayeredBucket, OpenedStore, Stack};

/// What each store can do, and each bucket with layers of its own, as a JSON document: its kind, its layers, its
/// capabilities and its operations.
pub(crate) fn answer(all: &Assembled) -> String {
    let stores: Map<String, Value> = all.opened.iter().map(of_store).collect();
    let buckets: Map<String, Value> = all.buckets.iter().map(of_bucket).collect();
    json!({ "stores": stores, "buckets": buckets }).to_string()
}

fn of_store(store: &OpenedStore) -> (String, Value) {
    let mut told = of_port(&store.port(), &store.stack);
    told.insert("kind".to_owned(), store.kind().into());
    (store.name.clone(), told.into())
}

fn of_bucket(bucket: &LayeredBucket) -> (String, Value) {
    let mut told = of_port(&bucket.port, &bucket.stack);
    told.insert("store".to_owned(), bucket.store.as_str().into());
    (bucket.name.as_ref().map_or("*".to_owned(), ToString::to_string), told.into())
}

fn of_port(port: &SharedStore, stack: &Stack) -> Map<String, Value> {
    let capabilities = capabilities_of(port);
    let rows = capabilities.rows();
    let named = rows.iter().map(|(name, support)| ((*name).to_owned(), of_support(*support)));
    let done = operations()
        .into_iter()
        .map(|row| (row.name.to_owned(), of_support(service::support(row.operation, &capabilities))));
    Map::from_iter([
        ("layers".to_owned(), stack.names().into()),
        ("capabilities".to_owned(), named.collect::<Map<_, _>>().into()),
        ("operations".to_owned(), done.collect::<Map<_, _>>().into()),
    ])
}

fn of_support(support: Support) -> Value {
    match support {
        Support::Yes => json!({ "support": "native" }),
        Support::Supplied(how) => json!({ "support": "supplied", "how": how }),
        Support::No(why) => json!({ "support": "refused", "why": why }),
    }
}
