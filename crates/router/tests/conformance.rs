//! Buckets that have another name in their store, or are a part of a bucket there, still keep all promises of the port.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use blob::MemoryBlobs;
use conformance::store::StoreWorld;
use meta::MemoryMeta;
use router::{Home, Router};
use store::SharedStore;
use types::Ceiling;

use support::{name, over};

const PART_MIN_BYTES: u64 = 1024;

/// The buckets that the suite makes and looks for by name.
const NAMES: [&str; 7] = ["bucket-a", "contended", "made.here", "nowhere", "other", "stale", "round-0"];

struct Placed {
    meta: MemoryMeta,
    blobs: MemoryBlobs,
    prefix: Option<&'static str>,
}

impl Placed {
    fn under(prefix: Option<&'static str>) -> Self {
        Self { meta: MemoryMeta::default(), blobs: MemoryBlobs::new(Ceiling::unlimited()), prefix }
    }
}

#[async_trait]
impl StoreWorld for Placed {
    async fn open(&self) -> SharedStore {
        let store = over(self.meta.clone(), self.blobs.clone(), PART_MIN_BYTES);
        let homes = NAMES.map(|bucket| {
            let remote = Some(name(&format!("far.{bucket}")));
            let prefix = self.prefix.map(str::to_owned);
            (name(bucket), Home { remote, prefix, ..Home::new(store.clone()) })
        });
        Arc::new(Router::new(BTreeMap::from(homes), store))
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}

mod under_another_name {
    use super::*;
    conformance::store_suite!(Placed::under(None));
}

mod below_a_prefix {
    use super::*;
    conformance::store_suite!(objects of Placed::under(Some("deep/er/")));
}

mod below_a_prefix_that_is_no_folder {
    use super::*;
    conformance::store_suite!(objects of Placed::under(Some("p")));
}
