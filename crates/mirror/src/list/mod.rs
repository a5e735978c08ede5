//! Listings: what the journal knows, and for buckets that were there before the mirror what a target lists, merged.

mod base;
mod buckets;
mod objects;
mod place;
mod rows;
mod versions;
mod walk;
