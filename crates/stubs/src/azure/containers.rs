use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use types::Timestamp;

use super::answer::{Outcome, Refusal, plain, set};
use super::auth::write_date;
use super::message::Message;
use super::state::{Container, State};

/// Source: "Naming and referencing containers, blobs, and metadata", "Container names".
fn hold_name(name: &str) -> Result<(), Refusal> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let legal = (3..=63).contains(&name.len())
        && name.bytes().all(|byte| letter(byte) || byte == b'-')
        && name.bytes().next().is_some_and(letter)
        && name.bytes().last().is_some_and(letter)
        && !name.contains("--");
    if legal { Ok(()) } else { Err(Refusal(400, "InvalidResourceName")) }
}

pub(super) fn create(state: &mut State, message: &Message<'_>) -> Outcome {
    let name = &message.target.container;
    hold_name(name)?;
    if state.containers.contains_key(name) {
        return Err(Refusal(409, "ContainerAlreadyExists"));
    }
    let etag = state.next_etag();
    let modified_at = Timestamp::from_secs(state.now().as_secs());
    let container = Container { etag, modified_at, blobs: BTreeMap::new() };
    let response = head_of(201, &container);
    state.containers.insert(name.clone(), container);
    Ok(response)
}

pub(super) fn head(state: &mut State, message: &Message<'_>) -> Outcome {
    Ok(head_of(200, state.container(&message.target.container)?))
}

pub(super) fn delete(state: &mut State, message: &Message<'_>) -> Outcome {
    let found = state.containers.remove(&message.target.container);
    found.map(|_| plain(202)).ok_or(Refusal(404, "ContainerNotFound"))
}

fn head_of(status: u16, container: &Container) -> Response<Bytes> {
    let mut response = plain(status);
    set(&mut response, "etag", &container.etag);
    set(&mut response, "last-modified", &write_date(container.modified_at));
    response
}
