//! Reads: from the target that is asked first, and on from another where it fails.

mod body;
mod race;

