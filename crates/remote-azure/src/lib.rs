//! Azure Blob Storage as a store.
//!
//! Knows: its REST API, and how its promises become the store port's.
//! Does not know: other providers, S3's errors, files of settings, the environment.
