//! The engine on SQLite keeps the promises of the port.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::Arc;

use conformance::meta::MetaWorld;
use meta::MetaStore;
use meta_sqlite::{Durability, SqliteMeta, SqliteOptions};

struct SqliteWorld {
    directory: tempfile::TempDir,
    options: SqliteOptions,
}

impl SqliteWorld {
    fn new(options: SqliteOptions) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), options }
    }
}

impl MetaWorld for SqliteWorld {
    fn open(&self) -> Arc<dyn MetaStore> {
        let path = self.directory.path().join("meta.db");
        Arc::new(SqliteMeta::open(&path, self.options.clone()).unwrap())
    }
}

mod strict {
    use super::*;
    conformance::meta_suite!(SqliteWorld::new(SqliteOptions::default()));
}

/// Checkpoints after nearly every batch, and hardly any cache.
mod cramped {
    use super::*;
    conformance::meta_suite!(SqliteWorld::new(SqliteOptions {
        durability: Durability::Relaxed,
        cache_bytes: 256 * 1024,
        log_bytes: 1024 * 1024,
    }));
}
