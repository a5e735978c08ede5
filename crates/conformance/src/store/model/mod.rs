//! A reference model of a whole store: an ordered map of keys to their versions, beside which random histories are run.

#![allow(clippy::unwrap_used, reason = "a history that cannot go on has failed")]

mod plain;
mod play;
mod step;

pub(super) use play::Play;
pub(super) use step::{Step, steps};
