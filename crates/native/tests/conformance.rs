//! The native store keeps the promises of the port, over each pair of engines.

mod common;

mod memory {
    use crate::common::MemoryWorld;
    conformance::store_suite!(MemoryWorld::default());
}

mod sqlite_and_files {
    use crate::common::lasting::LastingWorld;
    conformance::store_suite!(LastingWorld::new());
}
