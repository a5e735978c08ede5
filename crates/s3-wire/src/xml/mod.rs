//! XML as S3 reads and writes it.

mod reader;
mod writer;

pub(crate) use reader::{Element, malformed, parse};
pub(crate) use writer::Writer;
