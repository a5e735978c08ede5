//! The store as a whole, where its insides have to be seen: what a crash leaves, what the collector removes, what a scrub
//! finds, what an operation costs.

mod collecting;
mod costs;
mod crashes;
mod damaged;
mod drops;
mod room;
mod scrubbing;
