//! Digests: the running hash of each checksum algorithm, and a body that is hashed and verified as it passes.
//!
//! Knows: MD5, SHA, CRC and XXH, and how S3 writes and combines their values.
//! Does not know: where bytes come from or go, S3's headers and codes.

mod checked;
mod combine;
mod hasher;
mod ingest;
mod lanes;
mod md5;
mod pool;
mod stage;

pub use checked::Checked;
pub use combine::{FullObjectCrc, composite};
pub use hasher::Hasher;
pub use ingest::{Digests, Ingest, Receipt};
pub use md5::Md5;
pub use stage::DigestStage;
