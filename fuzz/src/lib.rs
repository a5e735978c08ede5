//! What is fuzzed: one function for each reader of untrusted bytes, run by libFuzzer (`cargo +nightly fuzz run NAME`) and by
//! `replay`, which needs neither nightly nor a C++ compiler.
//!
//! A function panics where a property does not hold; that nothing else panics is the first property of each.

pub mod mutate;
mod request;
pub mod targets;
