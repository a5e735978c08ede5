//! One function for each reader of untrusted bytes.

mod auth;
mod bodies;
mod wire;

pub use auth::{post_policy, sign_verify, sigv4};
pub use bodies::{chunked, form};
pub use wire::{documents, range, route};

/// Every target by the name of its binary.
pub const ALL: &[(&str, fn(&[u8]))] = &[
    ("route", route),
    ("documents", documents),
    ("sigv4", sigv4),
    ("sign_verify", sign_verify),
    ("chunked", chunked),
    ("post_policy", post_policy),
    ("range", range),
    ("form", form),
];
