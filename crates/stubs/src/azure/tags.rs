use super::answer::{Outcome, Refusal, document, plain};
use super::message::{Message, decode, elements, escape};
use super::state::State;

/// The most tags of a blob. Source: "Set Blob Tags".
const TAGS_MAX: usize = 10;

/// Holds tags to the rules for their number, length and characters.
fn hold(tags: Vec<(String, String)>) -> Result<Vec<(String, String)>, Refusal> {
    let legal = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || " +-./:=_".contains(c));
    let fits = tags.len() <= TAGS_MAX
        && tags.iter().all(|(key, value)| {
            (1..=128).contains(&key.len()) && value.len() <= 256 && legal(key) && legal(value)
        });
    if fits { Ok(tags) } else { Err(Refusal(400, "InvalidTags")) }
}

/// The tags that a write gives the blob.
pub(super) fn of_header(message: &Message<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let Some(text) = message.header("x-ms-tags") else { return Ok(Vec::new()) };
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=')?;
        Some((decode(key)?, decode(value)?))
    });
    hold(pairs.collect::<Option<_>>().ok_or(Refusal(400, "InvalidTags"))?)
}

pub(super) fn set(state: &mut State, message: &Message<'_>) -> Outcome {
    let text = std::str::from_utf8(message.body()).map_err(|_| Refusal(400, "InvalidXmlDocument"))?;
    let texts: Vec<String> = elements(text, &["Key", "Value"]).into_iter().map(|(_, text)| text).collect();
    let tags = hold(texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())?;
    state.found(&message.target.container, &message.target.blob)?.tags = tags;
    Ok(plain(204))
}

pub(super) fn get(state: &mut State, message: &Message<'_>) -> Outcome {
    let found = state.found(&message.target.container, &message.target.blob)?;
    let tag = |(key, value): &(String, String)| {
        format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", escape(key), escape(value))
    };
    let tags: String = found.tags.iter().map(tag).collect();
    Ok(document(format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><Tags><TagSet>{tags}</TagSet></Tags>")))
}
