//! The way of a request through the stages, each taking what the one before gives.

mod admitted;
mod answer;
mod answered;
mod authenticated;
mod document;
mod form;
mod head;
mod respond;

pub(crate) use answer::answer;
