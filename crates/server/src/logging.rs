use gateway::{AccessLog, LogSink, LogWriter};
use tracing_subscriber::filter::LevelFilter;

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
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::new(format!("cannot start the log: {error}")))?;
    let format = match settings.log_format {
        LogFormat::Text => gateway::LogFormat::Text,
        LogFormat::Json => gateway::LogFormat::Json,
    };
    let wanted = level(settings.log_level) >= LevelFilter::INFO;
    Ok((writer, wanted.then_some(AccessLog { sink, format })))
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
