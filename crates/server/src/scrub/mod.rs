//! Verifies everything that a store holds, and shows how it goes.

mod cursor;
mod engine;
mod event;
mod render;

pub(crate) use engine::scrub_stores;
pub(crate) use event::ScrubEvent;
pub(crate) use render::{Outcome, Renderer};
