//! The file layer: the few things that blocks on disk ask of an operating system, so that a test can stand in.

mod os;
mod port;

pub(super) use os::OsDirectory;
pub(super) use port::{Directory, File, Holes};
