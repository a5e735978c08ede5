use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};

use super::answer::{Outcome, Refusal, plain, set};
use super::blobs;
use super::message::{Message, elements};
use super::state::{Committed, State, crc64_base64, md5_base64};

/// The most blocks of a blob. Source: "Put Block List".
const BLOCKS_MAX: usize = 50_000;
/// The most uncommitted blocks of a name.
const UNCOMMITTED_MAX: usize = 100_000;
/// The longest block id before it is encoded.
const ID_MAX_BYTES: usize = 64;

pub(super) fn put(state: &mut State, message: &Message<'_>) -> Outcome {
    blobs::hold_digests(message)?;
    stage(state, message, message.body().clone())?;
    let mut response = plain(201);
    set(&mut response, "x-ms-content-crc64", &crc64_base64(message.body()));
    if message.header("content-md5").is_some() {
        set(&mut response, "content-md5", &md5_base64(message.body()));
    }
    Ok(response)
}

/// Keeps a block until it is committed or dropped.
pub(super) fn stage(state: &mut State, message: &Message<'_>, bytes: Bytes) -> Result<(), Refusal> {
    let id = message.target.param("blockid").ok_or(Refusal(400, "MissingRequiredQueryParameter"))?;
    let length = STANDARD.decode(id).map_err(|_| Refusal(400, "InvalidQueryParameterValue"))?.len();
    if !(1..=ID_MAX_BYTES).contains(&length) {
        return Err(Refusal(400, "InvalidQueryParameterValue"));
    }
    let now = state.now();
    let slot = state.slot(&message.target.container, &message.target.blob)?;
    if slot.uncommitted.keys().any(|other| other.len() != id.len()) {
        return Err(Refusal(400, "InvalidBlobOrBlock"));
    }
    if slot.uncommitted.len() == UNCOMMITTED_MAX {
        return Err(Refusal(409, "BlockCountExceedsLimit"));
    }
    slot.block_put_at = now;
    slot.uncommitted.insert(id.to_owned(), bytes);
    Ok(())
}

pub(super) fn commit(state: &mut State, message: &Message<'_>) -> Outcome {
    blobs::hold_digests(message)?;
    let document = std::str::from_utf8(message.body()).map_err(|_| Refusal(400, "InvalidXmlDocument"))?;
    let listed = elements(document, &["Latest", "Uncommitted", "Committed"]);
    if listed.len() > BLOCKS_MAX {
        return Err(Refusal(400, "BlockListTooLong"));
    }
    let described = blobs::described(message)?;
    let found = blobs::current_etag(state, message)?;
    super::conditions::write(message, found.as_deref())?;
    let slot = state.slot(&message.target.container, &message.target.blob)?;
    let mut blocks = Vec::with_capacity(listed.len());
    for (kind, id) in listed {
        let uncommitted = slot.uncommitted.get(&id).filter(|_| kind != "Committed");
        let committed = || {
            let blocks = slot.committed.as_ref().filter(|_| kind != "Uncommitted")?.blocks.iter();
            blocks.into_iter().find(|(found, _)| *found == id).map(|(_, bytes)| bytes)
        };
        let bytes = uncommitted.or_else(committed).ok_or(Refusal(400, "InvalidBlockList"))?.clone();
        blocks.push((id, bytes));
    }
    let mut bytes = BytesMut::new();
    blocks.iter().for_each(|(_, block)| bytes.extend_from_slice(block));
    let committed = Committed { bytes: bytes.freeze(), blocks, ..described };
    let committed = state.commit(&message.target.container, &message.target.blob, committed)?;
    Ok(blobs::written(201, &committed))
}
