//! Google Cloud Storage as a store.
//!
//! Knows: its XML and JSON API, and how its promises become the store port's.
//! Does not know: other providers, S3's errors, files of settings, the environment.
