//! What signatures read of a request's head.

use http::HeaderName;
use http::request::Parts;

pub(crate) use sigv4::host;

/// The raw query.
pub(crate) fn query(parts: &Parts) -> &str {
    parts.uri.query().unwrap_or_default()
}

/// A header as text; `None` where it is absent, repeated, or not visible ASCII.
pub(crate) fn header(parts: &Parts, name: HeaderName) -> Option<&str> {
    let mut values = parts.headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok().map(str::trim)
}
