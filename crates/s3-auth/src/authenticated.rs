use std::fmt;
use std::sync::Arc;

use iam::Principal;
use types::Body;

/// How an identity was proven, for logs and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// It was not.
    Anonymous,
    /// Signature Version 4 in the `Authorization` header.
    V4Header,
    /// Signature Version 4 in the query.
    V4Query,
    /// Signature Version 4 in the fields of a form.
    V4Form,
    /// Signature Version 2 in the `Authorization` header.
    V2Header,
    /// Signature Version 2 in the query.
    V2Query,
    /// Signature Version 2 in the fields of a form.
    V2Form,
}

impl Scheme {
    /// A short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::V4Header => "v4-header",
            Self::V4Query => "v4-query",
            Self::V4Form => "v4-form",
            Self::V2Header => "v2-header",
            Self::V2Query => "v2-query",
            Self::V2Form => "v2-form",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request whose maker is known.
#[derive(Debug)]
pub struct Authenticated {
    /// Who makes it.
    pub who: Arc<Principal>,
    /// The access key that was used; none by the anonymous.
    pub access_key_id: Option<Arc<str>>,
    /// How it was proven.
    pub scheme: Scheme,
    /// The body: `aws-chunked` framing taken off, hashes and signatures checked as it passes. An error in it means that
    /// the body is not what was signed.
    pub body: Body,
}
