//! What the program can be asked to do, one file each.

mod cache;
mod check_config;
mod crypt;
mod keygen;
mod mirror;
mod scrub;
mod serve;

pub(crate) use cache::cache;
pub(crate) use check_config::check_config;
pub(crate) use crypt::crypt;
pub(crate) use mirror::mirror;
pub(crate) use scrub::scrub;
pub(crate) use serve::serve;
