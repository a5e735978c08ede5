//! Reads: from the target that is asked first, and on from another where it fails.

mod body;
mod content;
mod find;
mod open;
mod pin;
mod race;

pub(crate) use body::FRAME_PATIENCE;
pub(crate) use race::{ANSWER_LIMIT, ANSWER_PATIENCE, Asked, race};
