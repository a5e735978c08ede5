//! The rules by which the parts of an upload become an object.
//!
//! Knows: what S3 asks of the parts that a client lists; the entity tag, size and checksum of the whole.
//! Does not know: where parts are kept, and how their bytes are joined.

mod listing;
mod part;
mod whole;

pub use listing::{Assembled, Listing};
pub use part::{UploadedPart, algorithm_of};
pub use whole::etag_of;
