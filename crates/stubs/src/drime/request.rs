use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde_json::Value;

use super::answer::{Refusal, refused, unprocessable};
use super::world::World;

/// A call with its query read.
pub(super) struct Call<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a Bytes,
    query: BTreeMap<String, String>,
}

impl<'a> Call<'a> {
    pub(super) fn new(parts: &'a Parts, body: &'a Bytes) -> Self {
        let pairs = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let query = pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { parts, body, query }
    }

    pub(super) fn bears(&self, token: &str) -> bool {
        let sent = self.parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        sent.and_then(|value| value.strip_prefix("Bearer ")) == Some(token)
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn query_number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let wrong = || unprocessable(&format!("The {name} must be a number."));
        self.query(name).map(|value| value.parse().map_err(|_| wrong())).transpose()
    }

    pub(super) fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(self.body).map_err(|_| refused(400, "The body is not JSON."))
    }
}

/// A field that must be text.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, Refusal> {
    let missing = || unprocessable(&format!("The {name} field is required."));
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(missing)
}

/// A field that may be missing or null, and is a number as such or as text.
pub(super) fn number(value: &Value, name: &str) -> Result<Option<u64>, Refusal> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_u64()),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => {
            text.parse().map(Some).map_err(|_| unprocessable(&format!("The {name} must be a number.")))
        }
        Some(_) => Err(unprocessable(&format!("The {name} must be a number."))),
    }
}

/// The ids of a call that names several entries. The service takes them as text only.
pub(super) fn entry_ids(value: &Value) -> Result<Vec<u64>, Refusal> {
    let ids = value.get("entryIds").and_then(Value::as_array).filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| unprocessable("The entry ids field is required."))?;
    let number = |id: &Value| id.as_str().and_then(|id| id.parse().ok());
    ids.iter().map(|id| number(id).ok_or_else(|| unprocessable("The entry ids is invalid."))).collect()
}

impl World {
    /// A call that is not for the workspace that this drive stands for finds nothing.
    pub(super) fn check_workspace(&self, call: &Call<'_>) -> Result<(), Refusal> {
        match call.query_number("workspaceId")?.unwrap_or(0) == self.settings.workspace {
            true => Ok(()),
            false => Err(refused(403, "This action is unauthorized.")),
        }
    }
}
