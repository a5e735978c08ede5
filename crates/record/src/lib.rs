//! How records are written into values: numbers, texts, and the nouns that several records share. Frozen: these bytes are on
//! disk. `docs/format/records.md` and `docs/format/ledger.md` show the layouts of whole records.
//!
//! Knows: bytes, and the nouns of `types`.
//! Does not know: which records there are, keys, engines.

mod nouns;
mod reader;
mod writer;

pub use reader::{Malformed, Reader};
pub use writer::Writer;
