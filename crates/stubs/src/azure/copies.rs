use bytes::Bytes;

use super::answer::{Outcome, Refusal, plain, set};
use super::auth;
use super::blobs;
use super::blocks;
use super::conditions;
use super::message::{Message, Target};
use super::state::{Committed, CopyState, State, crc64_base64};
use super::{Copies, FromUrl};

/// What a request's source holds, if it may be read and is the one named.
fn source(state: &mut State, message: &Message<'_>, authorised: Authorised) -> Result<Committed, Refusal> {
    const BAD: Refusal = Refusal(400, "InvalidHeaderValue");
    let url: http::Uri = message.header("x-ms-copy-source").ok_or(BAD)?.parse().map_err(|_| BAD)?;
    let target = Target::parse(url.path(), url.query()).ok_or(BAD)?;
    if authorised == Authorised::ByItself {
        auth::check_source(state, message, &target)?;
    }
    let missing = |_| Refusal(404, "CannotVerifyCopySource");
    let found = state.found(&target.container, &target.blob).map_err(missing)?.clone();
    conditions::source(message, &found.etag)?;
    Ok(found)
}

/// Whether a source needs a proof of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Authorised {
    ByItself,
    WithTheRequest,
}

fn hold_all(state: &State) -> Result<(), Refusal> {
    match state.settings.from_url {
        FromUrl::All => Ok(()),
        FromUrl::CopyOnly => Err(Refusal(501, "APINotImplemented")),
    }
}

/// Put Block From URL.
pub(super) fn put_block(state: &mut State, message: &Message<'_>) -> Outcome {
    hold_all(state)?;
    if !message.body().is_empty() {
        return Err(Refusal(400, "InvalidHeaderValue"));
    }
    let found = source(state, message, Authorised::ByItself)?;
    let range = message.header("x-ms-source-range");
    let resolved =
        range.map(|range| blobs::resolve(range, found.bytes.len()).ok_or(Refusal(416, "InvalidRange")));
    let (start, end) = resolved.transpose()?.unwrap_or((0, found.bytes.len()));
    let bytes = found.bytes.slice(start..end);
    let crc64 = crc64_base64(&bytes);
    blocks::stage(state, message, bytes)?;
    let mut response = plain(201);
    set(&mut response, "x-ms-content-crc64", &crc64);
    Ok(response)
}

/// Put Blob From URL.
pub(super) fn put_blob(state: &mut State, message: &Message<'_>) -> Outcome {
    hold_all(state)?;
    let found = source(state, message, Authorised::ByItself)?;
    let described = blobs::described(message)?;
    let mut committed = described_over(&found, described);
    if message.header("x-ms-copy-source-blob-properties") == Some("false") {
        committed.properties = blobs::properties(message);
    }
    let committed = blobs::commit(state, message, committed)?;
    Ok(blobs::written(201, &committed))
}

/// A copy of a blob, with the metadata of the request where it has any.
fn described_over(found: &Committed, described: Committed) -> Committed {
    let metadata = if described.metadata.is_empty() { found.metadata.clone() } else { described.metadata };
    let (bytes, properties) = (found.bytes.clone(), found.properties.clone());
    Committed { bytes, properties, metadata, tags: described.tags, ..Committed::default() }
}

/// Copy Blob From URL: done when it is answered.
pub(super) fn copy_now(state: &mut State, message: &Message<'_>) -> Outcome {
    let found = source(state, message, Authorised::ByItself)?;
    let committed = described_over(&found, blobs::described(message)?);
    let committed = blobs::commit(state, message, committed)?;
    let mut response = blobs::written(202, &committed);
    set(&mut response, "x-ms-copy-id", "00000000-0000-0000-0000-000000000000");
    set(&mut response, "x-ms-copy-status", "success");
    Ok(response)
}

/// Copy Blob: the target holds nothing until the copy has ended.
pub(super) fn copy_later(state: &mut State, message: &Message<'_>) -> Outcome {
    let found = source(state, message, Authorised::WithTheRequest)?;
    let committed = described_over(&found, blobs::described(message)?);
    let id = format!("copy-{}", state.next_etag().trim_matches('"'));
    let copy = CopyState {
        id: id.clone(),
        polls_left: state.settings.copy_polls,
        result: Some(committed.bytes.clone()),
        status: "pending",
    };
    let ending = state.settings.copies;
    let mut pending = Committed { bytes: Bytes::new(), copy: Some(copy), ..committed };
    if state.settings.copy_polls == 0 {
        advance(&mut pending, ending);
    }
    let committed = blobs::commit(state, message, pending)?;
    let mut response = blobs::written(202, &committed);
    set(&mut response, "x-ms-copy-id", &id);
    set(&mut response, "x-ms-copy-status", committed.copy.map_or("success", |copy| copy.status));
    Ok(response)
}

/// Time goes on for a pending copy, each time that it is looked at.
pub(super) fn advance(found: &mut Committed, ending: Copies) {
    let Some(copy) = &mut found.copy else { return };
    if copy.polls_left > 0 {
        copy.polls_left -= 1;
        return;
    }
    let Some(bytes) = copy.result.take() else { return };
    copy.status = match ending {
        Copies::Succeed => "success",
        Copies::Fail => "failed",
    };
    if ending == Copies::Succeed {
        found.bytes = bytes;
    }
}
