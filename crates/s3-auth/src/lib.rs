//! Proofs of identity: who makes a request, and that nothing of it was changed on the way.
//!
//! Knows: Signature Version 4 and 2 in headers, presigned URLs and upload forms, signed and hashed bodies; how to make each.
//! Does not know: who may do what, sockets, stores, what operations mean.

mod authenticated;
mod body;
mod date;
mod error;
mod keyring;
mod mechanism;
mod names;
mod payload;
mod post;
mod request;
mod settings;
pub mod sign;
mod v2;
mod v4;
mod verify;

pub use authenticated::{Authenticated, Scheme};
pub use keyring::{ACCESS_KEY_ID_MAX_BYTES, AccessKey, InvalidAccessKey, Keyring, SECRET_MIN_BYTES};
pub use payload::{PayloadForm, TrailerForm};
pub use post::{FormGrant, PostForm};
pub use settings::{ADMIN_SERVICE, AuthSettings, S3_SERVICE, SigV2};
pub use sigv4::Secret;
pub use verify::Verifier;

use sigv4::{encode, hex, split};
