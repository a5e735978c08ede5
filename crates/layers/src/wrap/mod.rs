//! One wrapper of a store for all layers: it takes every call of the port through a small hook.

mod call;
mod content;
mod hook;
mod operation;
mod refusal;
mod space;
mod store;
mod uploads;

pub(crate) use call::{Call, Change, Repeat, Size};
pub(crate) use hook::{Answer, Hook, Sent};
pub use operation::StoreOperation;
pub(crate) use refusal::is_refusal;
pub use space::KeySpace;
pub(crate) use store::{Hooked, Once};
