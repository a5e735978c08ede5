//! The sealed form of an object, byte for byte as `docs/format/crypt.md` draws it.

mod cipher;
mod codec;
mod envelope;
mod footer;
mod frames;
mod header;
mod layout;
mod manifest;
mod open;
mod seal;
mod stream_key;
#[cfg(test)]
mod tests;

pub use cipher::{Algorithm, Damaged, KEY_BYTES, Secret, TAG_BYTES};
pub use envelope::{BoundName, ENVELOPE_BYTES, Envelope, Shape};
pub use footer::FOOTER_BYTES;
pub use header::HEADER_BYTES;
pub use layout::{SEALED_SEGMENT_BYTES, SEGMENT_BYTES, plain_size, stored_size};

pub(crate) use cipher::{Cipher, NONCE_BYTES};
pub(crate) use codec::{Reader, Writer, code_of, kind_of};
pub(crate) use envelope::{Id, new_id};
pub(crate) use footer::{FOOTER_ETAG_MAX_BYTES, FOOTER_MAGIC, Footer};
pub(crate) use header::{Beginning, Header, Role};
pub(crate) use manifest::{
    MANIFEST_MAGIC, MANIFEST_TAIL_BYTES, Manifest, ManifestTail, OpeningManifest, PartRow, StreamRow,
};
pub(crate) use open::{Run, open};
pub(crate) use seal::{Admission, Ending, Identified, SealOptions, SealedReceipt, seal};
pub(crate) use stream_key::StreamKey;
