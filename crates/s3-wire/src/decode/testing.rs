//! Makes requests for the tests of decoders.

use bytes::Bytes;
use http::Request;
use s3_model::{ErrorCode, Input, S3Error};

use crate::fields::Fields;
use crate::{Addressing, Query, decode, route};

/// Runs with fields of these headers.
pub(super) fn with_fields<T>(headers: &[(&str, &str)], run: impl FnOnce(Fields<'_>) -> T) -> T {
    let mut builder = Request::builder();
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let request = builder.body(()).unwrap();
    run(Fields::new(request.headers(), &Query::default()))
}

/// Routes and decodes a request.
pub(super) fn input_of(
    request: (&str, &str),
    headers: &[(&str, &str)],
    document: impl Into<Bytes>,
) -> Result<Input, S3Error> {
    let mut builder = Request::builder().method(request.0).uri(request.1);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let (parts, ()) = builder.body(()).unwrap().into_parts();
    let routed = route(&parts, &Addressing::default())?;
    decode(&routed, &parts, Some(document.into()))
}

/// The code with which a request is refused.
pub(super) fn refusal(request: (&str, &str), headers: &[(&str, &str)], document: &'static str) -> ErrorCode {
    input_of(request, headers, document).unwrap_err().code
}
