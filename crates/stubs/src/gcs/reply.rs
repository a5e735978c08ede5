use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::request::Asked;

/// An answer of this status.
pub(super) fn with(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A JSON document.
pub(super) fn document(value: &Value) -> Response<Bytes> {
    with(200, "application/json; charset=UTF-8", value.to_string())
}

/// Success without a word.
pub(super) fn nothing() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// An XML document.
pub(super) fn xml(body: String) -> Response<Bytes> {
    with(200, "application/xml; charset=UTF-8", body)
}

/// A refusal in the words of the JSON API.
pub(super) fn error(status: u16, message: &str) -> Response<Bytes> {
    let body = json!({ "error": { "code": status, "message": message, "errors": [{ "message": message }] } });
    with(status, "application/json; charset=UTF-8", body.to_string())
}

/// A refusal in the words of the XML API.
pub(super) fn xml_error(status: u16, code: &str) -> Response<Bytes> {
    let body = format!(
        "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{code}.</Message></Error>"
    );
    with(status, "application/xml; charset=UTF-8", body)
}

/// No token, or one of no use.
pub(super) fn unauthorized(asked: &Asked) -> Response<Bytes> {
    let is_json = asked.segments.first().is_some_and(|first| matches!(first.as_str(), "storage" | "upload"));
    if is_json { error(401, "Invalid Credentials") } else { xml_error(401, "AuthenticationRequired") }
}

/// A moment as the JSON API writes it.
pub(super) fn rfc3339(micros: u64) -> String {
    let nanos = i128::from(micros) * 1000;
    let moment =
        time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.microsecond()
    )
}

/// A moment as HTTP writes it.
pub(super) fn http_date(micros: u64) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = i64::try_from(micros / 1_000_000).unwrap_or(0);
    let moment =
        time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let day = DAYS[usize::from(moment.weekday().number_days_from_monday())];
    let month = MONTHS[usize::from(u8::from(moment.month())) - 1];
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    format!("{day}, {:02} {month} {:04} {hour:02}:{minute:02}:{second:02} GMT", moment.day(), moment.year())
}
