use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// What a request comes to: an answer, or a refusal by code.
pub(super) type Outcome = Result<Response<Bytes>, Refusal>;

/// A refusal as the service words it. Source: "Blob service error codes".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u16, pub(super) &'static str);

impl Refusal {
    /// The answer. That to a HEAD bears the code in its header alone.
    pub(super) fn answer(self) -> Response<Bytes> {
        let Self(status, code) = self;
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>refused</Message></Error>"
        );
        let mut response = Response::new(Bytes::from(text));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        set(&mut response, "x-ms-error-code", code);
        set(&mut response, "content-type", "application/xml");
        response
    }
}

/// An answer without a body.
pub(super) fn plain(status: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response
}

/// An answer with a document.
pub(super) fn document(text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    set(&mut response, "content-type", "application/xml");
    response
}

/// Sets a header; values that no header can bear are left out.
pub(super) fn set(response: &mut Response<Bytes>, name: &str, value: &str) {
    let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes()))
    else {
        return;
    };
    response.headers_mut().insert(name, value);
}
