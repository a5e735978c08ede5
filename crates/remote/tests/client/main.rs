//! The client against a server of faults, and against answers written by hand.

mod bodies;
mod credentials;
mod faults;
mod harness;
mod limits;
mod protocol;
mod secured;
