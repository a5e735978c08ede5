//! Stand-ins of providers for tests, and a server of faults to put in front of anything.
//!
//! Knows: what each provider's documentation says that it answers; how networks and services fail.
//! Does not know: Sluice's stores.

pub mod azure;
pub mod drime;
pub mod faults;
pub mod gcs;
pub mod server;
