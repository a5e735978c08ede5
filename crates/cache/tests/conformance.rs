//! A store behind a cache keeps all promises of the port, in every mode.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use cache::{Cache, LayerOptions, Mode};
use common::{Native, Near, PART_MIN_BYTES, cached, eager, options};
use conformance::store::StoreWorld;
use parking_lot::Mutex;
use store::SharedStore;
use types::SystemClock;

/// A native store behind a cache that lasts as it does.
struct Behind {
    native: Native,
    near: Near,
    options: LayerOptions,
    /// One cache at a time uses a directory.
    open: Mutex<Option<Cache>>,
}

impl Behind {
    fn a_cache(options: LayerOptions) -> Self {
        let near = Near { memory_bytes: 1 << 20, ..Near::new(Arc::new(SystemClock)) };
        Self { native: Native::default(), near, options, open: Mutex::default() }
    }
}

#[async_trait]
impl StoreWorld for Behind {
    async fn open(&self) -> SharedStore {
        let cache = self.open.lock().get_or_insert_with(|| self.near.open()).clone();
        cached(&cache, self.options.clone(), &self.native.open())
    }

    fn part_min_bytes(&self) -> u64 {
        PART_MIN_BYTES
    }

    fn is_lasting(&self) -> bool {
        true
    }
}

mod strict {
    use super::*;
    conformance::store_suite!(Behind::a_cache(options(Mode::Strict)));
}

mod strict_in_small_blocks {
    use super::*;
    conformance::store_suite!(Behind::a_cache(eager(Mode::Strict)));
}

mod ttl {
    use super::*;
    conformance::store_suite!(Behind::a_cache(options(Mode::Ttl)));
}

mod ttl_of_all {
    use super::*;
    conformance::store_suite!(Behind::a_cache(eager(Mode::Ttl)));
}

mod immutable {
    use super::*;
    conformance::store_suite!(Behind::a_cache(eager(Mode::Immutable)));
}

mod offline {
    use super::*;
    conformance::store_suite!(Behind::a_cache(eager(Mode::Offline)));
}
