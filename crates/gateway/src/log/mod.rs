//! Log lines: a queue that never blocks a request, and the line of each request.

mod access;
mod sink;

pub use access::AccessLog;
pub(crate) use access::write_access_line;
pub use sink::{LogFormat, LogSink, LogWriter};
