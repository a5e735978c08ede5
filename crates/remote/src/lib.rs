//! What all stores elsewhere share: a client for HTTP that fails well, and the ledger of what a provider has no room for.
//!
//! Knows: connections, time-outs, retries and their budget, circuit breakers; records of buckets, uploads, parts and identities over a metadata engine.
//! Does not know: any provider, S3's errors, files of settings, the environment.
