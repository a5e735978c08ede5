//! A cache of blocks on a local directory in front of any store.
//!
//! Knows: blocks, their files and index, eviction, how a miss is fetched, how long what is cached may be believed.
//! Does not know: any one store, HTTP, settings.

mod disk;
