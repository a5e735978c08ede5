//! The documents of S3, read strictly and within bounds, and written.

mod read;
mod write;

pub(crate) use read::{Element, parse};
pub(crate) use write::{Writer, bears};
