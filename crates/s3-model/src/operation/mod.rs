//! The table of S3's operations: what the router, the refusals and the compatibility page are made from.

pub mod limits;
mod page;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

pub use table::Operation;

/// An HTTP method that S3 uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are HTTP's own")]
pub enum Method {
    Get,
    Head,
    Put,
    Post,
    Delete,
    Options,
}

impl Method {
    /// The method as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

/// What an operation's path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathClass {
    /// Nothing: `/` of the service.
    Service,
    /// A bucket.
    Bucket,
    /// An object.
    Object,
    /// A bucket or an object.
    Any,
    /// A path of its own.
    Fixed(&'static str),
}

/// A query parameter that tells an operation from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryCondition {
    /// The parameter.
    pub key: &'static str,
    /// The value that it must have; any where none is named.
    pub value: Option<&'static str>,
}

impl QueryCondition {
    /// Reads `key` or `key=value`.
    pub(crate) const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'=' {
                let (key, rest) = text.split_at(at);
                let (_, value) = rest.split_at(1);
                return Self { key, value: Some(value) };
            }
            at += 1;
        }
        Self { key: text, value: None }
    }
}

impl fmt::Display for QueryCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Some(value) => write!(f, "{}={value}", self.key),
            None => f.write_str(self.key),
        }
    }
}

/// What a request's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Nothing that is looked at.
    Empty,
    /// One document, read whole, of at most this many bytes.
    Document(usize),
    /// The object's or part's bytes.
    Stream,
    /// A `multipart/form-data` form with the object's bytes.
    Form,
}

/// What Sluice does with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is carried out.
    Implemented,
    /// The setting cannot be made yet: reading answers as where it was never made, writing the value that it has
    /// succeeds, any other value is refused by name.
    Answered,
    /// It is refused by name.
    NotImplemented,
    /// An older name of another operation: the two are the same on the wire.
    SameAs(Operation),
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationRow {
    /// The operation.
    pub operation: Operation,
    /// Its name as S3's reference has it.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// What its path names.
    pub path: PathClass,
    /// Query parameters that must be there. The first names the sub-resource: where a request bears it and fits no row,
    /// the method is not allowed.
    pub query: &'static [QueryCondition],
    /// A header that must be there.
    pub header: Option<&'static str>,
    /// The action that must be allowed; none for a CORS preflight, which bears no identity.
    pub action: Option<&'static str>,
    /// The action instead where the request names a version.
    pub version_action: Option<&'static str>,
    /// Its body.
    pub payload: Payload,
    /// What Sluice does with it.
    pub status: Status,
}

impl Operation {
    /// The whole table. Of two rows that a request fits, the earlier holds.
    #[must_use]
    pub const fn table() -> &'static [OperationRow] {
        table::TABLE
    }

    /// The operation's row.
    #[must_use]
    pub const fn row(self) -> &'static OperationRow {
        &table::TABLE[self as usize]
    }

    /// The operation's name as S3's reference has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// What Sluice does with it.
    #[must_use]
    pub const fn status(self) -> Status {
        self.row().status
    }

    /// What its body is.
    #[must_use]
    pub const fn payload(self) -> Payload {
        self.row().payload
    }

    /// The action that must be allowed, which for some operations is another where a version is named. None for a CORS
    /// preflight, which bears no identity.
    #[must_use]
    pub const fn action(self, version: Option<&types::VersionId>) -> Option<&'static str> {
        let row = self.row();
        match (version, row.version_action) {
            (Some(_), Some(action)) => Some(action),
            _ => row.action,
        }
    }

    /// The action that must be allowed on the source of a copy, which for a named version is another.
    #[must_use]
    pub const fn source_action(self, version: Option<&types::VersionId>) -> Option<&'static str> {
        match self {
            Self::CopyObject | Self::UploadPartCopy => Self::GetObject.action(version),
            _ => None,
        }
    }

    /// Writes the table as JSON, for comparing it with other tables.
    #[must_use]
    pub fn table_as_json() -> String {
        page::json()
    }

    /// Writes the compatibility page.
    #[must_use]
    pub fn compatibility_page() -> String {
        page::markdown()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
