use bytes::Bytes;
use http::{Method, Request, Response};

use super::answer::{Outcome, Refusal, set};
use super::message::{Message, Target};
use super::state::State;
use super::{auth, blobs, blocks, containers, copies, listing, tags};

/// Answers one request.
pub(super) fn handle(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    let now = state.now();
    if let Some(answer) = state.tokens.answer(request, now) {
        return answer;
    }
    let answer = match Target::parse(request.uri().path(), request.uri().query()) {
        None => Err(Refusal(400, "InvalidUri")),
        Some(target) => {
            let message = Message { request, target };
            auth::check(state, &message).and_then(|()| route(state, &message))
        }
    };
    let mut response = answer.unwrap_or_else(Refusal::answer);
    set(&mut response, "x-ms-version", "2023-11-03");
    set(&mut response, "date", &auth::write_date(now));
    if request.method() == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    response
}

fn route(state: &mut State, message: &Message<'_>) -> Outcome {
    if message.header("x-ms-version").is_none() {
        return Err(Refusal(400, "MissingRequiredHeader"));
    }
    let target = &message.target;
    let (method, comp) = (message.request.method().as_str(), target.param("comp"));
    if target.container.is_empty() {
        return match (method, comp) {
            ("GET", Some("list")) => listing::containers(state, message),
            _ => Err(Refusal(400, "InvalidQueryParameterValue")),
        };
    }
    if target.param("restype") == Some("container") {
        return match (method, comp) {
            ("PUT", None) => containers::create(state, message),
            ("GET" | "HEAD", None) => containers::head(state, message),
            ("DELETE", None) => containers::delete(state, message),
            ("GET", Some("list")) => listing::blobs(state, message),
            _ => Err(Refusal(400, "InvalidQueryParameterValue")),
        };
    }
    hold_name(&target.blob)?;
    let from_url = message.header("x-ms-copy-source").is_some();
    match (method, comp, from_url) {
        ("PUT", None, true) if message.header("x-ms-blob-type").is_some() => copies::put_blob(state, message),
        ("PUT", None, true) if message.header("x-ms-requires-sync") == Some("true") => {
            copies::copy_now(state, message)
        }
        ("PUT", None, true) => copies::copy_later(state, message),
        ("PUT", None, false) => blobs::put(state, message),
        ("PUT", Some("block"), true) => copies::put_block(state, message),
        ("PUT", Some("block"), false) => blocks::put(state, message),
        ("PUT", Some("blocklist"), _) => blocks::commit(state, message),
        ("PUT", Some("metadata"), _) => blobs::set_metadata(state, message),
        ("PUT", Some("properties"), _) => blobs::set_properties(state, message),
        ("PUT", Some("tags"), _) => tags::set(state, message),
        ("GET", Some("tags"), _) => tags::get(state, message),
        ("GET" | "HEAD", None, _) => blobs::get(state, message),
        ("DELETE", None, _) => blobs::delete(state, message),
        _ => Err(Refusal(400, "InvalidQueryParameterValue")),
    }
}

/// Source: "Naming and referencing containers, blobs, and metadata", "Blob names". Segments of dots are held to be
/// mistakes: what stands in front of the service resolves them.
fn hold_name(name: &str) -> Result<(), Refusal> {
    let segments = || name.split('/');
    let legal = (1..=1024).contains(&name.chars().count())
        && segments().count() <= 254
        && !name.chars().any(char::is_control)
        && !segments().any(|segment| segment.ends_with('.'))
        && !name.ends_with('\\');
    if legal { Ok(()) } else { Err(Refusal(400, "InvalidResourceName")) }
}
