use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Uri;
use s3_wire::Query;

/// A job that an operator asks for: `POST /v1/ROOM/NAME?ARGUMENT=VALUE…`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobRequest {
    /// The room that does it, such as `cache`.
    pub room: String,
    /// Its name in that room, such as `stats`.
    pub name: String,
    /// What it is told, each name once.
    pub arguments: BTreeMap<String, String>,
}

impl JobRequest {
    /// Reads the query of a request; `None` where it is not percent-encoded UTF-8, or names something twice.
    pub(super) fn parse(room: String, name: String, uri: &Uri) -> Option<Self> {
        let query = Query::parse(uri).ok()?;
        let mut arguments = BTreeMap::new();
        for (name, value) in query.iter() {
            if arguments.insert(name.to_owned(), value.to_owned()).is_some() {
                return None;
            }
        }
        Some(Self { room, name, arguments })
    }

    /// A job without arguments.
    #[must_use]
    pub fn new(room: &str, name: &str) -> Self {
        Self { room: room.to_owned(), name: name.to_owned(), arguments: BTreeMap::new() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.arguments.insert(name.to_owned(), value.into());
        self
    }

    /// The path and query by which it is asked for.
    #[must_use]
    pub fn target(&self) -> String {
        let mut target = format!("/v1/{}/{}", self.room, self.name);
        for (place, (name, value)) in self.arguments.iter().enumerate() {
            target.push(if place == 0 { '?' } else { '&' });
            target.push_str(name);
            target.push('=');
            for byte in value.bytes() {
                match byte {
                    b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' | b'~' => {
                        target.push(char::from(byte));
                    }
                    // Writing to a string does not fail.
                    _ => drop(write!(target, "%{byte:02X}")),
                }
            }
        }
        target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_is_read() {
        let asked = JobRequest::new("cache", "warm").with("bucket", "b").with("prefix", "ä +/%&=?#");
        let target = asked.target();
        assert_eq!(target, "/v1/cache/warm?bucket=b&prefix=%C3%A4%20%2B%2F%25%26%3D%3F%23");
        let uri: Uri = target.parse().unwrap();
        let read = JobRequest::parse("cache".to_owned(), "warm".to_owned(), &uri);
        assert_eq!(read, Some(asked));
        let twice: Uri = "/v1/cache/warm?a=1&a=2".parse().unwrap();
        assert_eq!(JobRequest::parse("cache".to_owned(), "warm".to_owned(), &twice), None);
    }
}
