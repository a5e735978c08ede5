use std::borrow::Cow;
use std::sync::LazyLock;

use http::request::Parts;
use http::{Method, header};
use s3_model::{
    ErrorCode, ErrorHeader, Method as S3Method, Operation, OperationRow, PathClass, S3Error, Status,
};
use types::{BucketName, InvalidKey, KEY_MAX_BYTES, ObjectKey};

use crate::fields::Fields;
use crate::percent::{self, Plus};
use crate::{Addressing, AddressingStyle, Query, Routed, copy_source};

#[cfg(test)]
mod tests;

/// Finds out which operation a request asks for, on which bucket and object. Looks at the request line, the host and the
/// few headers that name things; not at the body.
///
/// # Errors
/// `InvalidURI`, `InvalidBucketName`, `KeyTooLongError` for names; `MethodNotAllowed` where no operation fits;
/// `InvalidArgument` for a copy source or version that is not one.
pub fn route(parts: &Parts, addressing: &Addressing) -> Result<Routed, S3Error> {
    let query = Query::parse(&parts.uri)?;
    let host = host(parts);
    let target = Target::find(parts.uri.path(), host.and_then(|host| addressing.bucket_in(host)));
    let fields = Fields::new(&parts.headers, &query);
    let row = find_row(&parts.method, &target, &query, fields)?;
    let copied = row.header.and_then(|name| fields.get(name));
    let version = match row.path {
        PathClass::Object => query.get("versionId"),
        _ => None,
    };
    let (bucket, key) = match row.path {
        PathClass::Fixed(_) => (None, None),
        _ => target.names()?,
    };
    Ok(Routed {
        operation: row.operation,
        method: parts.method.clone(),
        style: target.style,
        host: host.map(Into::into),
        path: parts.uri.path_and_query().cloned(),
        bucket,
        key,
        version_id: version.map(|text| copy_source::version_id(text, "versionId")).transpose()?,
        copy_source: copied.as_deref().map(copy_source::parse).transpose()?,
        expected_bucket_owner: fields.get("x-amz-expected-bucket-owner").map(Into::into),
        expected_source_owner: fields.get("x-amz-source-expected-bucket-owner").map(Into::into),
        query,
    })
}

/// The host that the client asked: the request target's where it bears one (HTTP/2, proxies), else the header's.
fn host(parts: &Parts) -> Option<&str> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()))
}

/// What a path names, still as sent.
struct Target<'a> {
    style: AddressingStyle,
    path: &'a str,
    bucket: Option<&'a str>,
    key: &'a str,
}

impl<'a> Target<'a> {
    fn find(path: &'a str, virtual_host: Option<&'a str>) -> Self {
        let rest = path.strip_prefix('/').unwrap_or(path);
        if let Some(bucket) = virtual_host {
            return Self { style: AddressingStyle::VirtualHost, path, bucket: Some(bucket), key: rest };
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let named = (!rest.is_empty()).then_some(bucket);
        Self { style: AddressingStyle::Path, path, bucket: named, key }
    }

    fn class(&self) -> PathClass {
        match (self.bucket, self.key) {
            (None, _) => PathClass::Service,
            (Some(_), "") => PathClass::Bucket,
            (Some(_), _) => PathClass::Object,
        }
    }

    /// The names, checked.
    fn names(&self) -> Result<(Option<BucketName>, Option<ObjectKey>), S3Error> {
        let Some(bucket) = self.bucket else { return Ok((None, None)) };
        let bucket = match self.style {
            AddressingStyle::Path => decode(bucket)?,
            AddressingStyle::VirtualHost => Cow::Owned(bucket.to_ascii_lowercase()),
        };
        let name = BucketName::new(&bucket)
            .map_err(|_| S3Error::new(ErrorCode::InvalidBucketName).detail("BucketName", &*bucket))?;
        let key = decode(self.key)?;
        let key = match ObjectKey::new(&key) {
            Ok(key) => Some(key),
            Err(InvalidKey::Empty) => None,
            Err(InvalidKey::TooLong) => {
                return Err(S3Error::new(ErrorCode::KeyTooLongError)
                    .detail("Size", key.len().to_string())
                    .detail("MaxSizeAllowed", KEY_MAX_BYTES.to_string()));
            }
        };
        Ok((Some(name), key))
    }
}

fn decode(text: &str) -> Result<Cow<'_, str>, S3Error> {
    percent::decode(text, Plus::Literal).map_err(|_| ErrorCode::InvalidURI.into())
}

fn find_row(
    method: &Method,
    target: &Target<'_>,
    query: &Query,
    fields: Fields<'_>,
) -> Result<&'static OperationRow, S3Error> {
    let class = target.class();
    let Some(method) = s3_method(method) else { return Err(not_allowed(method.as_str(), class)) };
    if method == S3Method::Options {
        return Ok(Operation::CorsPreflight.row());
    }
    let index = &*INDEX;
    let is_selected = query.iter().any(|(name, _)| index.selects(name));
    let fits = |row: &OperationRow| {
        (is_selected || row.query.is_empty())
            && (row.path == class || matches!(row.path, PathClass::Fixed(path) if path == target.path))
            && row.query.iter().all(|condition| match condition.value {
                None => query.contains(condition.key),
                Some(value) => query.get(condition.key) == Some(value),
            })
            && row.header.is_none_or(|name| fields.get(name).is_some())
    };
    let row = index.rows(method).iter().copied().find(|row| fits(row));
    let row = row.ok_or_else(|| not_allowed(method.as_str(), class))?;
    // A sub-resource that this method does not have must not fall through to the bucket or object itself.
    if is_selected && row.query.is_empty() && names_sub_resource(class, query) {
        return Err(not_allowed(method.as_str(), class));
    }
    Ok(row)
}

/// The table as the router needs it.
static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

struct Index {
    /// The rows of each method, in the table's order.
    by_method: [Vec<&'static OperationRow>; 6],
    /// All query parameters that tell operations apart, sorted.
    selectors: Vec<&'static str>,
}

impl Index {
    fn new() -> Self {
        let mut by_method: [Vec<_>; 6] = Default::default();
        let mut selectors = Vec::new();
        for row in Operation::table() {
            // An older name of an operation is not routed to: the newer one is the same on the wire.
            if !matches!(row.status, Status::SameAs(_)) {
                by_method[row.method as usize].push(row);
            }
            selectors.extend(row.query.iter().map(|condition| condition.key));
        }
        selectors.sort_unstable();
        selectors.dedup();
        Self { by_method, selectors }
    }

    fn rows(&self, method: S3Method) -> &[&'static OperationRow] {
        &self.by_method[method as usize]
    }

    /// Whether a query parameter tells operations apart. Most requests have none that does.
    fn selects(&self, name: &str) -> bool {
        !name.starts_with("X-Amz-") && self.selectors.binary_search(&name).is_ok()
    }
}

/// Query parameters that are told apart by value, or name no sub-resource: another value is just ignored.
const NOT_SUB_RESOURCES: [&str; 2] = ["list-type", "max-directory-buckets"];

fn names_sub_resource(class: PathClass, query: &Query) -> bool {
    let marks = Operation::table().iter().filter(|row| row.path == class).filter_map(|row| row.query.first());
    marks.filter(|mark| !NOT_SUB_RESOURCES.contains(&mark.key)).any(|mark| query.contains(mark.key))
}

fn s3_method(method: &Method) -> Option<S3Method> {
    match *method {
        Method::GET => Some(S3Method::Get),
        Method::HEAD => Some(S3Method::Head),
        Method::PUT => Some(S3Method::Put),
        Method::POST => Some(S3Method::Post),
        Method::DELETE => Some(S3Method::Delete),
        Method::OPTIONS => Some(S3Method::Options),
        _ => None,
    }
}

fn not_allowed(method: &str, class: PathClass) -> S3Error {
    let (resource, allow) = match class {
        PathClass::Object => ("OBJECT", "GET, HEAD, PUT, DELETE, OPTIONS"),
        PathClass::Bucket => ("BUCKET", "GET, HEAD, PUT, POST, DELETE, OPTIONS"),
        PathClass::Service | PathClass::Any | PathClass::Fixed(_) => ("SERVICE", "GET, OPTIONS"),
    };
    S3Error::new(ErrorCode::MethodNotAllowed)
        .detail("Method", method)
        .detail("ResourceType", resource)
        .header(ErrorHeader::Allow(allow))
}
