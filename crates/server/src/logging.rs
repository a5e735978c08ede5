use gateway::{AccessLog, LogSink, LogWriter};
use tracing::Metadata;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, LogLevel, ServerSettings};
use crate::failure::Failure;

/// Starts the log on standard error. Lines are written by a thread of their own, until the writer is dropped.
///
/// # Errors
/// Where no thread can be started, or a log has been started before.
pub(crate) fn start(settings: &ServerSettings) -> Result<(LogWriter, Option<AccessLog>), Failure> {
    let writer = LogWriter::start(std::io::stderr())
        .map_err(|error| Failure::new(format!("cannot start the log's thread: {error}")))?;
    let sink = writer.sink();
    let make = {
        let sink = sink.clone();
        move || -> LogSink { sink.clone() }
    };
    let builder = tracing_subscriber::fmt()
        .with_max_level(level(settings.log_level))
        .with_target(false)
        .with_ansi(false)
        .with_writer(make);
    let started = match settings.log_format {
        LogFormat::Text => builder.finish().with(filter_fn(is_ours)).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().with(filter_fn(is_ours)).try_init(),
    };
    started.map_err(|error| Failure::new(format!("cannot start the log: {error}")))?;
    let format = match settings.log_format {
        LogFormat::Text => gateway::LogFormat::Text,
        LogFormat::Json => gateway::LogFormat::Json,
    };
    let wanted = level(settings.log_level) >= LevelFilter::INFO;
    Ok((writer, wanted.then_some(AccessLog { sink, format })))
}

/// Whether a line may be logged. Amazon's chain of credentials shows whole answers of those who issue them, secrets included;
/// what fails there is told by the store that asked.
fn is_ours(line: &Metadata<'_>) -> bool {
    !line.target().starts_with("aws_")
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
