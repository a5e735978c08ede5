use std::cell::RefCell;
use std::fmt::Write;
use std::time::Duration;

use time::OffsetDateTime;
use types::{Noted, Timestamp};

use super::{LogFormat, LogSink};
use crate::exchange::{Account, Outcome};

/// Where the line of each request goes, and how it looks.
#[derive(Clone)]
pub struct AccessLog {
    /// Takes the lines.
    pub sink: LogSink,
    /// Their form.
    pub format: LogFormat,
}

thread_local! {
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Writes one request's line. The query is left out: a presigned URL's is a credential.
pub(crate) fn write_access_line(log: &AccessLog, now: Timestamp, account: &Account, elapsed: Duration) {
    LINE.with_borrow_mut(|line| {
        line.clear();
        let written = match log.format {
            LogFormat::Text => text(line, now, account, elapsed),
            LogFormat::Json => json(line, now, account, elapsed),
        };
        written.expect("writing to a string does not fail");
        log.sink.write(line.as_bytes());
    });
}

fn text(line: &mut String, now: Timestamp, account: &Account, elapsed: Duration) -> std::fmt::Result {
    write_time(line, now)?;
    write!(line, "  INFO request id={} method={}", account.request_id, account.method)?;
    if let Some(operation) = account.operation {
        write!(line, " operation={}", operation.name())?;
    }
    if let Some(bucket) = &account.bucket {
        write!(line, " bucket={bucket}")?;
    }
    if let Some(key) = &account.key {
        line.push_str(" key=");
        write_quoted(line, key.as_str())?;
    }
    write!(line, " status={}", account.status)?;
    if let Some(error) = account.error {
        write!(line, " error={}", error.name())?;
    }
    write!(line, " in={} out={} ms=", account.received(), account.sent_bytes)?;
    write_millis(line, elapsed)?;
    write!(line, " remote={}", account.address())?;
    if let Some(who) = &account.who {
        line.push_str(" user=");
        write_quoted(line, who.name())?;
    }
    let noted = account.notes.read();
    if let Some(note) = noted.cache {
        write!(line, " cache={}", note.status.name())?;
    }
    if !noted.targets.is_empty() {
        line.push_str(" targets=");
        write_targets(line, &noted)?;
    }
    if let Some(ending) = ending(account.outcome) {
        write!(line, " ended={ending}")?;
    }
    line.push('\n');
    Ok(())
}

fn json(line: &mut String, now: Timestamp, account: &Account, elapsed: Duration) -> std::fmt::Result {
    line.push_str("{\"timestamp\":\"");
    write_time(line, now)?;
    write!(line, "\",\"level\":\"INFO\",\"message\":\"request\",\"id\":\"{}\"", account.request_id)?;
    line.push_str(",\"method\":");
    write_quoted(line, account.method.as_str())?;
    if let Some(operation) = account.operation {
        write!(line, ",\"operation\":\"{}\"", operation.name())?;
    }
    if let Some(bucket) = &account.bucket {
        write!(line, ",\"bucket\":\"{bucket}\"")?;
    }
    if let Some(key) = &account.key {
        line.push_str(",\"key\":");
        write_quoted(line, key.as_str())?;
    }
    write!(line, ",\"status\":{}", account.status)?;
    if let Some(error) = account.error {
        write!(line, ",\"error\":\"{}\"", error.name())?;
    }
    write!(line, ",\"bytes_in\":{},\"bytes_out\":{},\"ms\":", account.received(), account.sent_bytes)?;
    write_millis(line, elapsed)?;
    write!(line, ",\"remote\":\"{}\"", account.address())?;
    if let Some(who) = &account.who {
        line.push_str(",\"user\":");
        write_quoted(line, who.name())?;
    }
    let noted = account.notes.read();
    if let Some(note) = noted.cache {
        write!(line, ",\"cache\":\"{}\"", note.status.name())?;
    }
    if !noted.targets.is_empty() {
        line.push_str(",\"targets\":\"");
        write_targets(line, &noted)?;
        line.push('"');
    }
    if let Some(ending) = ending(account.outcome) {
        write!(line, ",\"ended\":\"{ending}\"")?;
    }
    line.push_str("}\n");
    Ok(())
}

/// What became of a write on each target of a mirror; their names are settings' and need no quotes.
fn write_targets(line: &mut String, noted: &Noted) -> std::fmt::Result {
    for (place, (name, outcome)) in noted.targets.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        write!(line, "{comma}{name}:{}", outcome.name())?;
    }
    Ok(())
}

fn ending(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Complete => None,
        Outcome::Abandoned => Some("abandoned"),
        Outcome::Failed => Some("failed"),
    }
}

/// Milliseconds with three places.
fn write_millis(line: &mut String, elapsed: Duration) -> std::fmt::Result {
    let micros = elapsed.as_micros();
    write!(line, "{}.{:03}", micros / 1000, micros % 1000)
}

/// RFC 3339 in UTC with microseconds.
fn write_time(line: &mut String, now: Timestamp) -> std::fmt::Result {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second) = moment.to_hms();
    write!(
        line,
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        now.as_nanos() / 1000 % 1_000_000
    )
}

/// A JSON string, which serves for text too: one line, nothing that a terminal would take as a command.
fn write_quoted(line: &mut String, text: &str) -> std::fmt::Result {
    line.push('"');
    for character in text.chars() {
        match character {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            control if control.is_control() => write!(line, "\\u{:04x}", u32::from(control))?,
            other => line.push(other),
        }
    }
    line.push('"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_keeps_one_line_and_is_json() {
        let mut line = String::new();
        write_quoted(&mut line, "a\"b\\c\nd\u{1b}[31m\u{9b}é").unwrap();
        assert!(!line.contains('\n') && !line.contains('\u{1b}'));
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), "a\"b\\c\nd\u{1b}[31m\u{9b}é");
    }

    #[test]
    fn moments_are_rfc_3339() {
        let mut line = String::new();
        write_time(&mut line, Timestamp::from_nanos(1_700_000_000_123_456_789)).unwrap();
        assert_eq!(line, "2023-11-14T22:13:20.123456Z");
    }
}
