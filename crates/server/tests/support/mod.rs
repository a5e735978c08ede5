//! A real `sluice` process and small clients for it.
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, reason = "each test uses what it needs")]
#![allow(clippy::unwrap_used, reason = "a test panics where something is wrong")]

pub mod http1;
pub mod server;

pub use http1::{Answer, Connection, request};
pub use server::{Program, Server};
