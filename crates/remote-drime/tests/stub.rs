//! The store suite on a stand-in of the drive.

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use common::{PART_MIN_BYTES, World, settings};
use conformance::store::StoreWorld;
use store::SharedStore;

struct OnStub(World);

#[async_trait]
impl StoreWorld for OnStub {
    async fn open(&self) -> SharedStore {
        Arc::new(self.0.open())
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}

mod refusing_conditions {
    use super::*;

    conformance::store_suite!(OnStub(World::new(settings())));
}

mod exclusive {
    use super::*;

    conformance::store_suite!(OnStub(World {
        conditional: remote_drime::Conditional::Exclusive,
        ..World::new(settings())
    }));
}
