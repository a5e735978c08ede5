//! The engine in memory keeps the promises of the port.

use std::sync::Arc;

use conformance::meta::MetaWorld;
use meta::{MemoryMeta, MetaStore};

#[derive(Default)]
struct MemoryWorld(MemoryMeta);

impl MetaWorld for MemoryWorld {
    fn open(&self) -> Arc<dyn MetaStore> {
        Arc::new(self.0.clone())
    }
}

conformance::meta_suite!(MemoryWorld::default());
