use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// What a call comes to; both are answers.
pub(super) type Answered = Result<Response<Bytes>, Refusal>;

/// A call that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    message: Box<str>,
}

impl From<Refusal> for Response<Bytes> {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json_with(status, &json!({ "message": refusal.message }))
    }
}

pub(super) fn json_with(status: StatusCode, value: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn ok(value: &Value) -> Response<Bytes> {
    json_with(StatusCode::OK, value)
}

pub(super) fn refused(status: u16, message: &str) -> Refusal {
    Refusal { status, message: message.into() }
}

pub(super) fn unprocessable(message: &str) -> Refusal {
    refused(422, message)
}
