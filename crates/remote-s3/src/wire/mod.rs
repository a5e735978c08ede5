//! Requests in S3's own words: signed, sent to the right region, and their refusals understood.

mod call;
mod fault;
mod proof;
mod send;
mod skew;

pub(crate) use call::{Call, Signed};
pub(crate) use fault::{Failure, Fault, Seen};
pub(crate) use send::{Document, Wire};
