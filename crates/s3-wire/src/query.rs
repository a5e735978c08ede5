use http::Uri;
use http::uri::PathAndQuery;
use s3_model::{ErrorCode, S3Error};

use crate::percent::{self, Plus};

/// A request's query: decoded pairs in the order sent, and the text as sent for signing.
///
/// A name without `=` has an empty value; `+` is a space; empty pieces are skipped. Text that needs no decoding is not
/// copied.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Shares the request line's bytes.
    source: Option<PathAndQuery>,
    pairs: Vec<(Text, Text)>,
}

/// A decoded text: a piece of the raw query where nothing had to be decoded.
#[derive(Debug, Clone)]
enum Text {
    Raw { start: usize, end: usize },
    Decoded(String),
}

impl Query {
    /// Reads the query of a URI.
    ///
    /// # Errors
    /// `InvalidURI` where an escape is malformed or does not decode to UTF-8.
    pub fn parse(uri: &Uri) -> Result<Self, S3Error> {
        let Some(raw) = uri.query().filter(|raw| !raw.is_empty()) else { return Ok(Self::default()) };
        let mut pairs = Vec::with_capacity(raw.bytes().filter(|byte| *byte == b'&').count() + 1);
        let mut start = 0;
        for piece in raw.split('&') {
            let end = start + piece.len();
            if !piece.is_empty() {
                let middle = piece.find('=').map_or(end, |place| start + place);
                let value_start = (middle + 1).min(end);
                pairs.push((Text::decode(raw, start, middle)?, Text::decode(raw, value_start, end)?));
            }
            start = end + 1;
        }
        Ok(Self { source: uri.path_and_query().cloned(), pairs })
    }

    /// The query as sent, without the `?`.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.source.as_ref().and_then(PathAndQuery::query).unwrap_or_default()
    }

    /// The decoded pairs in the order sent.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let raw = self.raw();
        self.pairs.iter().map(move |(name, value)| (name.as_str(raw), value.as_str(raw)))
    }

    /// The first value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The first value of a name in any letter case.
    #[must_use]
    pub fn get_ignoring_case(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether the name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

impl Text {
    fn decode(raw: &str, start: usize, end: usize) -> Result<Self, S3Error> {
        match percent::decode(&raw[start..end], Plus::Space) {
            Ok(std::borrow::Cow::Borrowed(_)) => Ok(Self::Raw { start, end }),
            Ok(std::borrow::Cow::Owned(decoded)) => Ok(Self::Decoded(decoded)),
            Err(percent::Malformed) => Err(S3Error::new(ErrorCode::InvalidURI)),
        }
    }

    fn as_str<'a>(&'a self, raw: &'a str) -> &'a str {
        match self {
            Self::Raw { start, end } => &raw[*start..*end],
            Self::Decoded(decoded) => decoded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(uri: &'static str) -> Query {
        Query::parse(&Uri::from_static(uri)).unwrap()
    }

    #[test]
    fn pairs_keep_their_order_and_are_decoded() {
        let query = query("/b?b=2&a=1&&empty&x=&p=a%2Fb+c=d&a=3");
        let pairs: Vec<_> = query.iter().collect();
        assert_eq!(pairs, [("b", "2"), ("a", "1"), ("empty", ""), ("x", ""), ("p", "a/b c=d"), ("a", "3")]);
        assert_eq!(query.raw(), "b=2&a=1&&empty&x=&p=a%2Fb+c=d&a=3");
        assert_eq!(query.get("a"), Some("1"));
        assert!(query.contains("empty") && !query.contains("A"));
        assert_eq!(query.get_ignoring_case("A"), Some("1"));
    }

    #[test]
    fn nothing_is_no_pair_and_malformed_is_refused() {
        assert!(query("/b").is_empty() && query("/b?").is_empty() && query("/b?&").is_empty());
        for uri in ["/b?a=%zz", "/b?%ff=1", "/b?a=%"] {
            assert_eq!(Query::parse(&Uri::from_static(uri)).unwrap_err().code, ErrorCode::InvalidURI);
        }
    }
}
