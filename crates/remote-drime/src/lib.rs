//! A Drime cloud drive as a store.
//!
//! Knows: its HTTP API, and how its promises become the store port's.
//! Does not know: other providers, S3's errors, files of settings, the environment.
