//! How a command gets its work done: by the server that has the stores, or here where nobody has them.

mod client;
mod here;
mod run;

pub(crate) use client::admin_client;
pub(crate) use run::run_job;
