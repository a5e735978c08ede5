//! meta-sqlite
