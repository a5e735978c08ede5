use http::header::AUTHORIZATION;
use http::request::Parts;
use s3_model::S3Error;

use crate::encode::pairs;
use crate::error;
use crate::names::X_AMZ_SECURITY_TOKEN;
use crate::request::{header, query};
use crate::split::split_once;
use crate::v4::ALGORITHM;

/// How a request proves who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism<'a> {
    /// It does not.
    Anonymous,
    /// Signature Version 4 in the `Authorization` header; what follows the algorithm's name.
    V4Header(&'a str),
    /// Signature Version 4 in the query.
    V4Query,
    /// Signature Version 2 in the `Authorization` header; what follows the scheme's name.
    V2Header(&'a str),
    /// Signature Version 2 in the query.
    V2Query,
}

impl<'a> Mechanism<'a> {
    /// Tells the mechanism of a request.
    ///
    /// # Errors
    /// Two mechanisms at once, one that is not known, Signature Version 4A, or a session token.
    pub(crate) fn of(parts: &'a Parts) -> Result<Self, S3Error> {
        let in_query = in_query(query(parts));
        let has_header = parts.headers.contains_key(AUTHORIZATION);
        if parts.headers.contains_key(X_AMZ_SECURITY_TOKEN) || in_query == Some(InQuery::Token) {
            return Err(error::session_token());
        }
        let authorization = header(parts, AUTHORIZATION).unwrap_or_default();
        match in_query {
            Some(_) if has_header => Err(error::two_mechanisms(authorization)),
            Some(InQuery::V4 | InQuery::Token) => Ok(Self::V4Query),
            Some(InQuery::V2) => Ok(Self::V2Query),
            None if has_header => in_header(authorization),
            None => Ok(Self::Anonymous),
        }
    }
}

fn in_header(authorization: &str) -> Result<Mechanism<'_>, S3Error> {
    let (scheme, rest) = split_once(authorization, b' ').unwrap_or((authorization, ""));
    match scheme {
        ALGORITHM => Ok(Mechanism::V4Header(rest)),
        "AWS" => Ok(Mechanism::V2Header(rest)),
        scheme if scheme.starts_with("AWS4-ECDSA-P256-SHA256") => Err(error::sigv4a()),
        _ => Err(error::unsupported_authorization(authorization)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InQuery {
    V4,
    V2,
    Token,
}

/// Looks for the parameters of presigned URLs; a session token comes before all else.
fn in_query(query: &str) -> Option<InQuery> {
    let mut found = None;
    for (name, _) in pairs(query) {
        match name {
            "X-Amz-Algorithm" | "X-Amz-Credential" | "X-Amz-Signature" => found = Some(InQuery::V4),
            "AWSAccessKeyId" | "Signature" if found.is_none() => found = Some(InQuery::V2),
            _ if name.eq_ignore_ascii_case("x-amz-security-token") => return Some(InQuery::Token),
            _ => {}
        }
    }
    found
}
