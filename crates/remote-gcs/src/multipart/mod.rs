//! Uploads in parts. The parts wait under a reserved name of the upload's own, so that uploads of one key never mix and a
//! completion is one write to the key: conditional, with the whole identity in it.

mod complete;
mod compose;
mod create;
mod part;
mod staging;
mod store_impl;
mod sweep;
mod turns;
mod xml;

use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use staging::delete_uploads_of;

use turns::Turns;

/// What uploads share.
#[derive(Default)]
pub(crate) struct Uploads {
    /// The endpoint has shown that it has no uploads in parts of its own.
    composes: AtomicBool,
    turns: Turns,
}

impl Uploads {
    fn composes(&self) -> bool {
        self.composes.load(Ordering::Relaxed)
    }

    fn compose_from_now_on(&self) {
        self.composes.store(true, Ordering::Relaxed);
    }
}
