use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Response, Version};
use s3_model::{ErrorCode, S3Error};
use s3_wire::ErrorContext;
use types::{CacheNote, CacheStatus};

use super::answered::Answered;
use super::head::{is_ambiguous, waits_to_send_nothing};
use crate::exchange::{Account, AnswerBody};
use crate::gateway::Core;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");
const HOST_ID: HeaderName = HeaderName::from_static("x-amz-id-2");
const CACHE: HeaderName = HeaderName::from_static("x-cache");
/// RFC 7234, section 5.5.1.
const STALE: HeaderValue = HeaderValue::from_static("110 - \"Response is Stale\"");
const SERVER: HeaderValue = HeaderValue::from_static("Sluice");

/// Sends an answer, with the headers that every answer bears.
pub(super) fn answer(
    core: &Core,
    parts: &Parts,
    mut account: Box<Account>,
    answered: Answered,
) -> Response<AnswerBody> {
    account.status = answered.status.as_u16();
    let cached = account.notes.read().cache;
    let request_id = HeaderValue::from_str(account.request_id.as_str()).expect("an id is visible ASCII");
    let ends_connection =
        is_ambiguous(&parts.headers) || waits_to_send_nothing(parts) || account.peer().activity.lingers();
    let body = if parts.method == Method::HEAD {
        AnswerBody::head_only(account)
    } else {
        AnswerBody::new(answered.content, core.limits.idle_timeout, account)
    };
    let mut response = Response::new(body);
    *response.status_mut() = answered.status;
    let headers = response.headers_mut();
    *headers = answered.headers;
    headers.insert(REQUEST_ID, request_id);
    headers.insert(HOST_ID, core.shared.ids.host_header());
    headers.insert(header::SERVER, SERVER);
    if let Some(note) = cached {
        tell_of_cache(headers, note);
    }
    // A client that is not told would send its next request into a connection that closes.
    if ends_connection && parts.version < Version::HTTP_2 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Says how a cache came by the answer, and how old that is.
fn tell_of_cache(headers: &mut HeaderMap, note: CacheNote) {
    headers.insert(CACHE, HeaderValue::from_static(note.status.name()));
    if let Some(age) = note.age {
        headers.insert(header::AGE, HeaderValue::from(age.as_secs()));
    }
    if note.status == CacheStatus::Stale {
        headers.insert(header::WARNING, STALE);
    }
}

/// Answers with an error.
pub(super) fn refusal(
    core: &Core,
    parts: &Parts,
    mut account: Box<Account>,
    error: S3Error,
) -> Response<AnswerBody> {
    account.error = Some(error.code);
    let mismatches = [ErrorCode::BadDigest, ErrorCode::XAmzContentSHA256Mismatch];
    if mismatches.contains(&error.code) {
        core.shared.metrics.digest_mismatches.add(1);
    }
    let context = ErrorContext {
        method: &parts.method,
        resource: parts.uri.path(),
        request_id: account.request_id.as_str(),
        host_id: core.shared.ids.host_id(),
    };
    let encoded = s3_wire::encode_error(&error, &context);
    answer(core, parts, account, Answered::at_hand(encoded))
}
