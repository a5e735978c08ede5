//! The keys above an object's own: where they come from and what wraps what.

mod epoch;
mod keyring;
mod service;

pub use keyring::{KEY_ID_MAX_BYTES, Keyring, KeyringError};
pub use service::{KeyError, KeyErrorKind, KeyService};

pub(crate) use epoch::{EPOCH_MAX_BYTES, EpochRecord, context};
