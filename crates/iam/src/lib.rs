//! Who may do what: identities, what an access key may do, and one pure decision.
//!
//! Knows: principals and their canonical ids, the actions of S3 and their kinds, the ownership default and key policies.
//! Does not know: HTTP, signatures, stores, where the facts come from.

mod action;
mod decide;
mod decision;
mod facts;
mod owner_of;
mod policy;
mod principal;

pub use action::{Action, ActionKind};
pub use decide::{decide, lists_bucket};
pub use decision::{AllowReason, Decision, DenyReason};
pub use facts::{AnonymousAccess, Facts, Resource};
pub use owner_of::{ROOT_NAME, owner_of};
pub use policy::{InvalidKeyPolicy, KeyPolicy};
pub use principal::Principal;
