use std::borrow::Cow;

use http::HeaderMap;
use s3_model::S3Error;

use crate::Query;

/// The parameters that sign a presigned URL; no header is meant by them.
const SIGNING: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// A request's headers, and in a presigned URL, for `x-amz-` names, also its query: such a URL may bear headers as parameters,
/// which then mean the same. In any other request they mean nothing: no signature would have to cover them.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    headers: &'a HeaderMap,
    hoisted: Option<&'a Query>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(headers: &'a HeaderMap, query: &'a Query) -> Self {
        // Signature Version 4 and 2.
        let is_presigned = query.iter().any(|(name, _)| matches!(name, "X-Amz-Signature" | "Signature"));
        Self { headers, hoisted: is_presigned.then_some(query) }
    }

    /// A field's text; several headers of one name are joined by commas, as S3 does. Bytes that are not UTF-8 are taken
    /// as Latin-1.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut values = self.headers.get_all(name).iter();
        let Some(first) = values.next() else {
            let hoisted = self.hoisted.filter(|_| is_amz(name));
            return hoisted.and_then(|query| query.get_ignoring_case(name)).map(Cow::Borrowed);
        };
        let first = text(first.as_bytes());
        Some(values.fold(first, |joined, more| Cow::Owned(format!("{joined},{}", text(more.as_bytes())))))
    }

    /// A field's text, without white space around it, `None` where nothing is left.
    pub(crate) fn trimmed(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = match self.get(name)? {
            Cow::Borrowed(value) => Cow::Borrowed(value.trim()),
            Cow::Owned(value) => Cow::Owned(value.trim().to_owned()),
        };
        (!value.is_empty()).then_some(value)
    }

    /// A decimal number.
    ///
    /// # Errors
    /// `InvalidArgument` where the field is there and is none.
    pub(crate) fn number(&self, name: &'static str) -> Result<Option<u64>, S3Error> {
        let Some(text) = self.trimmed(name) else { return Ok(None) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.map(Some).ok_or_else(|| {
            S3Error::invalid_argument(format!("The {name} header must be a number"), name, text.into_owned())
        })
    }

    /// The names in lower case, with the values, of all fields whose names begin with `x-amz-`.
    pub(crate) fn amz(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        let headers = self.headers;
        let sent = headers
            .iter()
            .filter(|(name, _)| is_amz(name.as_str()))
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), text(value.as_bytes())));
        let hoisted = self
            .hoisted
            .into_iter()
            .flat_map(Query::iter)
            .filter(|(name, _)| is_amz(name) && !SIGNING.contains(name))
            .map(|(name, value)| (Cow::Owned(name.to_ascii_lowercase()), Cow::Borrowed(value)))
            .filter(move |(name, _)| !headers.contains_key(&**name));
        sent.chain(hoisted)
    }
}

fn is_amz(name: &str) -> bool {
    name.as_bytes().get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"x-amz-"))
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Uri};

    use super::*;

    #[test]
    fn headers_win_over_parameters_and_are_joined() {
        let mut headers = HeaderMap::new();
        headers.append("x-amz-meta-a", HeaderValue::from_static("1"));
        headers.append("x-amz-meta-a", HeaderValue::from_static("2"));
        headers.append("x-amz-meta-latin", HeaderValue::from_bytes(b"\xe9").unwrap());
        let query =
            Query::parse(&Uri::from_static("/?X-Amz-Meta-A=3&x-amz-acl=private&range=x&X-Amz-Signature=s"))
                .unwrap();
        let fields = Fields::new(&headers, &query);
        assert_eq!(fields.get("x-amz-meta-a").unwrap(), "1,2");
        assert_eq!(fields.get("x-amz-meta-latin").unwrap(), "é");
        assert_eq!(fields.get("x-amz-acl").unwrap(), "private");
        assert_eq!(fields.get("range"), None);
        let names: Vec<_> = fields.amz().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["x-amz-meta-a", "x-amz-meta-a", "x-amz-meta-latin", "x-amz-acl"]);
    }

    #[test]
    fn parameters_are_headers_only_in_presigned_urls() {
        let headers = HeaderMap::new();
        for (uri, counts) in [
            ("/?x-amz-acl=private", false),
            ("/?x-amz-acl=private&Signature=s", true),
            ("/?x-amz-acl=private&X-Amz-Signature=s", true),
        ] {
            let query = Query::parse(&Uri::from_static(uri)).unwrap();
            let fields = Fields::new(&headers, &query);
            assert_eq!(
                (fields.get("x-amz-acl").is_some(), fields.amz().count() > 0),
                (counts, counts),
                "{uri}"
            );
        }
    }
}
