//! Encryption between a store and its caller: the store sees ciphertext, the caller plain objects.
//!
//! Knows: the sealed form of an object, keys and what wraps them, sizes before and after.
//! Does not know: any one store, HTTP, where keys are kept.

mod error;
pub mod format;
mod keys;
mod layer;
mod names;
mod state;
mod stats;

pub use format::{Algorithm, Secret};
pub use keys::{KEY_ID_MAX_BYTES, KeyError, KeyErrorKind, KeyService, Keyring, KeyringError};
pub use layer::{
    Closed, ClosedEpoch, Crypt, CryptOptions, Foreign, Names, PART_MIN_BYTES, RewrapEvent, RewrapReport,
};
pub use stats::CryptStats;
