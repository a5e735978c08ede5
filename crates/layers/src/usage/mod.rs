//! How much each bucket holds: counted once by listing, and kept exact while writes go on side by side.

mod account;
mod book;
mod claim;
mod count;
mod group;

pub(crate) use account::{Account, Entry};
pub(crate) use claim::{Claim, End, Share};
pub(crate) use count::Below;
pub use group::Usage;
pub(crate) use group::{Limits, Slot};
