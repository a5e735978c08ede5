//! The state directory: who holds it, and the root key that is kept in it.

mod durable;
mod error;
mod lock;
mod root_key;

pub(crate) use durable::{make_dir, probe_dir, replace_file};
pub(crate) use error::StateError;
pub(crate) use lock::{Holder, LockFile};
pub(crate) use root_key::{generate, read_root_key, root_key};
