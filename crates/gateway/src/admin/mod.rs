//! The admin listener: health, metrics, and what an operator asks for with a signed request.

mod auth;
mod client;
mod pinned;
mod request;
mod routes;
mod server;

pub use client::{AdminClient, AdminClientError, AnswerLines};
pub use request::JobRequest;
pub use routes::{AdminJobs, JobLines, JobRefused, Readiness};
pub use server::{Admin, AdminParts};
