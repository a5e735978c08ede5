use super::answer::Refusal;
use super::message::Message;

/// Holds a write to its conditions. Source: "Specifying conditional headers for Blob service operations".
pub(super) fn write(message: &Message<'_>, found: Option<&str>) -> Result<(), Refusal> {
    if let Some(wanted) = message.header("if-none-match") {
        match found {
            Some(_) if wanted == "*" => return Err(Refusal(409, "BlobAlreadyExists")),
            Some(etag) if wanted == etag => return Err(Refusal(412, "ConditionNotMet")),
            _ => {}
        }
    }
    matching(message.header("if-match"), found, "ConditionNotMet")
}

/// Holds a read of what is there to its conditions.
pub(super) fn read(message: &Message<'_>, found: &str) -> Result<(), Refusal> {
    if message.header("if-none-match").is_some_and(|wanted| wanted == "*" || wanted == found) {
        return Err(Refusal(304, "ConditionNotMet"));
    }
    matching(message.header("if-match"), Some(found), "ConditionNotMet")
}

/// Holds the source of a copy to its conditions.
pub(super) fn source(message: &Message<'_>, found: &str) -> Result<(), Refusal> {
    matching(message.header("x-ms-source-if-match"), Some(found), "SourceConditionNotMet")
}

fn matching(wanted: Option<&str>, found: Option<&str>, code: &'static str) -> Result<(), Refusal> {
    match (wanted, found) {
        (None, _) | (Some("*"), Some(_)) => Ok(()),
        (Some(wanted), Some(found)) if wanted == found => Ok(()),
        _ => Err(Refusal(412, code)),
    }
}
