//! A real `sluice` process and small clients for it.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::missing_panics_doc)]

pub mod http1;
pub mod server;

pub use http1::{Answer, Connection, request};
pub use server::{Program, Server};
