//! How much each bucket holds: counted once by listing, and kept exact while writes go on side by side.

mod account;
mod book;
mod claim;
mod count;
mod group;
mod taking;
mod write;

pub(crate) use account::Account;
pub(crate) use count::Below;
pub(crate) use group::Limits;
pub use group::Usage;
pub(crate) use write::Write;
