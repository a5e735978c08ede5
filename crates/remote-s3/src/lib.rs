//! Any service that speaks S3 as a store.
//!
//! Knows: S3 as a client speaks it, and how its promises become the store port's.
//! Does not know: other providers, S3's errors, files of settings, the environment.
