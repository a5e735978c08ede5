//! What the program can be asked to do, one file each.

mod check_config;
mod scrub;
mod serve;

pub(crate) use check_config::check_config;
pub(crate) use scrub::scrub;
pub(crate) use serve::serve;
