//! Sockets to stages and back: connections, TLS, limits, request ids, the access log, metrics, the admin listener.
//!
//! Knows: hyper, how a request passes from stage to stage, what is counted and logged of it.
//! Does not know: what any operation means, which stores there are, settings' files.

mod admin;
mod conn;
mod exchange;
mod gateway;
mod log;
mod metrics;
mod request_id;
mod settings;
mod shared;
mod stages;
mod tls;

pub use admin::{
    Admin, AdminClient, AdminClientError, AdminJobs, AdminParts, AnswerLines, JobLines, JobRefused,
    JobRequest, Readiness,
};
pub use gateway::{Gateway, GatewayParts, Listener};
pub use log::{AccessLog, LogFormat, LogSink, LogWriter};
pub use metrics::{Reading, ReadingValue, Source};
pub use settings::Limits;
pub use tls::{Tls, TlsError, TlsFiles, own_certificate};
