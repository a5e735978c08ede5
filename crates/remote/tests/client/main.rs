//! The client against a server of faults, and against answers written by hand.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod bodies;
mod credentials;
mod faults;
mod harness;
mod limits;
mod protocol;
mod secured;
