//! Listings: what the journal knows, and for buckets that were there before the mirror what a target lists, merged.

mod base;
mod buckets;
mod objects;
mod older;
mod place;
mod rows;
#[cfg(test)]
mod tests;
mod versions;
mod walk;
