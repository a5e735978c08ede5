use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use s3_model::{ErrorHeader, S3Error};

use super::headers::{BUCKET_REGION, DELETE_MARKER, set, set_etag, set_last_modified, set_version};
use crate::xml::Writer;
use crate::{Reply, ReplyBody};

/// The request that an error answers.
#[derive(Debug, Clone, Copy)]
pub struct ErrorContext<'a> {
    /// Its method: HEAD gets no document.
    pub method: &'a Method,
    /// Its path as sent.
    pub resource: &'a str,
    /// The id that `x-amz-request-id` bears.
    pub request_id: &'a str,
    /// The id that `x-amz-id-2` bears.
    pub host_id: &'a str,
}

/// Writes an error: status, headers and, but for HEAD and 304, a document. Source: "REST error responses" in the Amazon S3
/// API reference.
#[must_use]
pub fn encode_error(error: &S3Error, context: &ErrorContext<'_>) -> Reply {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::new();
    for header in &error.headers {
        set_header(&mut headers, header);
    }
    if status == StatusCode::NOT_MODIFIED {
        return Reply { status, headers, body: ReplyBody::Empty };
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if context.method == Method::HEAD {
        return Reply { status, headers, body: ReplyBody::Empty };
    }
    let document = document(error, context);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(document.len()));
    Reply { status, headers, body: ReplyBody::Document(Bytes::from(document)) }
}

fn document(error: &S3Error, context: &ErrorContext<'_>) -> Vec<u8> {
    let mut xml = Writer::bare(512);
    xml.open("Error").text("Code", error.code.name()).text("Message", &error.message);
    for (name, value) in &error.details {
        xml.text(name, value);
    }
    if !error.details.iter().any(|(name, _)| *name == "Resource") {
        xml.text("Resource", context.resource);
    }
    xml.text("RequestId", context.request_id).text("HostId", context.host_id);
    xml.finish("Error")
}

fn set_header(headers: &mut HeaderMap, header: &ErrorHeader) {
    match header {
        ErrorHeader::DeleteMarker => drop(headers.insert(DELETE_MARKER, HeaderValue::from_static("true"))),
        ErrorHeader::VersionId(version_id) => set_version(headers, Some(version_id)),
        ErrorHeader::ETag(etag) => set_etag(headers, etag),
        ErrorHeader::LastModified(moment) => set_last_modified(headers, *moment),
        ErrorHeader::CacheControl(value) => set(headers, header::CACHE_CONTROL, value),
        ErrorHeader::Expires(value) => set(headers, header::EXPIRES, value),
        ErrorHeader::UnsatisfiedRange(size) => {
            set(headers, header::CONTENT_RANGE, &format!("bytes */{size}"))
        }
        ErrorHeader::BucketRegion(region) => set(headers, BUCKET_REGION, region),
        ErrorHeader::Allow(methods) => set(headers, header::ALLOW, methods),
        ErrorHeader::RetryAfter(secs) => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from(*secs))),
    }
}

#[cfg(test)]
mod tests {
    use s3_model::ErrorCode;
    use types::{ETag, Timestamp, VersionId};

    use super::*;
    use crate::encode::testing::{header, text};

    fn context(method: &Method) -> ErrorContext<'_> {
        ErrorContext { method, resource: "/bucket/a&b", request_id: "REQ", host_id: "HOST" }
    }

    #[test]
    fn the_document_has_code_message_details_and_ids() {
        let error = S3Error::invalid_argument("No <good>", "max-keys", "x");
        let reply = encode_error(&error, &context(&Method::GET));
        assert_eq!(reply.status, 400);
        assert_eq!(
            text(&reply),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidArgument</Code><Message>No &lt;good&gt;</Message>\
             <ArgumentName>max-keys</ArgumentName><ArgumentValue>x</ArgumentValue><Resource>/bucket/a&amp;b</Resource>\
             <RequestId>REQ</RequestId><HostId>HOST</HostId></Error>"
        );
        assert_eq!(header(&reply, "content-length"), Some(text(&reply).len().to_string()));
    }

    #[test]
    fn head_and_not_modified_have_no_document() {
        let reply = encode_error(&ErrorCode::NoSuchKey.into(), &context(&Method::HEAD));
        assert_eq!((reply.status.as_u16(), text(&reply).as_str()), (404, ""));
        let error = S3Error::new(ErrorCode::NotModified)
            .header(ErrorHeader::ETag(ETag::from_text("e")))
            .header(ErrorHeader::LastModified(Timestamp::from_secs(784_111_777)));
        let reply = encode_error(&error, &context(&Method::GET));
        assert_eq!((reply.status.as_u16(), text(&reply).as_str()), (304, ""));
        assert_eq!(header(&reply, "etag").as_deref(), Some("\"e\""));
        assert_eq!(header(&reply, "last-modified").as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(header(&reply, "content-type"), None);
    }

    #[test]
    fn every_header_is_written() {
        let error = S3Error::new(ErrorCode::InvalidRange)
            .header(ErrorHeader::UnsatisfiedRange(7))
            .header(ErrorHeader::DeleteMarker)
            .header(ErrorHeader::VersionId(VersionId::Null))
            .header(ErrorHeader::BucketRegion("eu-west-1".to_owned()))
            .header(ErrorHeader::Allow("GET"))
            .header(ErrorHeader::RetryAfter(3))
            .header(ErrorHeader::CacheControl("no-store".to_owned()))
            .header(ErrorHeader::Expires("never".to_owned()));
        let reply = encode_error(&error, &context(&Method::GET));
        for (name, value) in [
            ("content-range", "bytes */7"),
            ("x-amz-delete-marker", "true"),
            ("x-amz-version-id", "null"),
            ("x-amz-bucket-region", "eu-west-1"),
            ("allow", "GET"),
            ("retry-after", "3"),
            ("cache-control", "no-store"),
            ("expires", "never"),
        ] {
            assert_eq!(header(&reply, name).as_deref(), Some(value), "{name}");
        }
    }
}
