//! Bodies on their way up and down: digested and verified as they pass, framed for an upload.

mod checked;
mod related;
mod verified;

pub(crate) use checked::checked;
pub(crate) use related::Related;
pub(crate) use verified::{Seen, verified};
