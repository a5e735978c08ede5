//! Several streams hashed side by side.

mod compress;
mod kernel;
mod work;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use compress::Level;
pub(crate) use work::{Work, hash_side_by_side};
