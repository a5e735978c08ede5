//! Writes: what changes a key, at all targets at once, under the key's lock.

mod ask;
mod caller;
mod conclude;
mod copy;
mod delete;
mod fan;
mod known;
mod put;
mod spread;
mod tags;
mod tee;
mod turn;

pub(crate) use ask::{certain_refusal, refusal};
pub(crate) use caller::{Wanted, to_its_end};
pub(crate) use conclude::{Draft, Kept, Refusals, object_plan};
pub(crate) use copy::Source;
pub(crate) use fan::{Call, Fan, Replies, Reply, changed_nothing};
pub(crate) use known::{Holds, LEFTOVERS, Leftovers, leftovers_name};
pub(crate) use tee::{Start, Tail, Writers};
pub(crate) use turn::{Turn, owe};
