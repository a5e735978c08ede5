//! A stand-in of the Drime cloud drive: its API on one address, the storage behind its presigned URLs on another.
//!
//! It answers as the drive's page says, and where the page is silent it can be set to either way. It checks what it is
//! sent: the token, the presence of each field, names, and that no token reaches the storage.

mod answer;
mod entries;
mod failures;
mod form;
mod listings;
mod request;
mod settings;
mod storage;
mod stub;
mod uploads;
mod world;

#[cfg(test)]
mod tests;

pub use failures::Failure;
pub use settings::{Settings, UnknownFolder};
pub use stub::Stub;
pub use world::Entry;
