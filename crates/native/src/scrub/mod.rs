//! Looks at everything that is stored, and says what is damaged.

mod bytes;
mod cursor;
mod damage;
mod data;
mod locate;
mod records;
mod run;

pub use cursor::{InvalidScrubCursor, ScrubCursor};
pub use damage::{Damage, DamageKind};
pub use run::{Scrub, ScrubDepth, ScrubStep};
