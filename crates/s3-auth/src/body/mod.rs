//! Bodies that are checked while they pass, without being copied.

mod chunk_signatures;
mod chunked;
mod hashed;
mod open;
mod range;
mod trailer;

pub(crate) use chunk_signatures::{ChunkSeed, ChunkSignatures, EMPTY_SHA256};
pub(crate) use chunked::ChunkedBody;
pub(crate) use hashed::HashedBody;
pub(crate) use open::open;
pub(crate) use range::RangedBody;
pub(crate) use trailer::{AnnouncedTrailer, ChecksumTrailer};
