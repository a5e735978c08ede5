//! One request's way through the listener: its bodies in both directions, and the account kept of it.

mod account;
mod answer;
mod incoming;
mod progress;
mod stall;

pub(crate) use account::{Account, Outcome};
pub(crate) use answer::{AnswerBody, Content};
pub(crate) use incoming::{Expectation, Intake, expectation, incoming_body};
