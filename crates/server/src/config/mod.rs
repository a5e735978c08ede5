//! Settings: what the flags, the environment and the file say, checked as a whole before anything starts.

mod access_keys;
mod buckets;
mod encryption;
mod error;
mod layers;
mod load;
mod mirrors;
mod paths;
mod placement;
mod secret;
mod section;
mod server;
mod stores;
mod table;
#[cfg(test)]
mod tests;
mod units;
mod warnings;

pub(crate) use access_keys::{AccessKeySettings, RootKey};
pub(crate) use buckets::BucketSettings;
pub(crate) use error::ConfigError;
pub(crate) use layers::{
    CacheMode, CacheSettings, CryptAlgorithm, CryptKeys, CryptNames, CryptSettings, Foreign, KeyringSource,
    LayerSettings, VaultSettings,
};
pub(crate) use load::{Config, Environment, Flags, load};
pub(crate) use paths::place_of;
pub(crate) use secret::Secret;
pub(crate) use server::{Durability, LogFormat, LogLevel, ServerSettings, SigV2};
pub(crate) use stores::{
    AzureKeys, AzureStoreSettings, DrimeConditional, DrimeRoot, DrimeStoreSettings, GcsKeys,
    GcsStoreSettings, LocalStoreSettings, MemoryStoreSettings, MirrorRead, MirrorSettings, MirrorWrite,
    S3Conditional, S3Keys, S3StoreSettings, StoreKind, StoreSettings, TargetSettings,
};
pub(crate) use warnings::warnings;
