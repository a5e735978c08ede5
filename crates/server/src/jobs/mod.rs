//! What an operator asks of caches, mirrors and encryption: done here or by a running server, told in the same events.

mod cache;
mod crypt;
mod desk;
mod event;
mod mirror;
mod render;
mod work;

pub(crate) use desk::Desk;
pub(crate) use event::JobEvent;
use event::{Events, Unheard};
pub(crate) use render::{Outcome, Render, Renderer, size};
