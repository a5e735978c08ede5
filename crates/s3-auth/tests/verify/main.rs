//! Requests as clients sign them, and what becomes of them when a part is changed.
#![allow(clippy::unwrap_used, reason = "a test panics where something is not as it should be")]

mod bodies;
mod forms;
mod limits;
mod never_panics;
mod published_v2;
mod published_v4;
mod refusals;
mod signer;
mod support;
