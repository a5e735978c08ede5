//! Uploads in parts of the XML API. Source: "XML API multipart uploads" of the Cloud Storage documentation.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderValue};
use http::{Method, StatusCode};
use quick_xml::Reader;
use quick_xml::events::Event;
use remote::{Payload, RemoteErrorKind, Replay};
use store::{Missing, PartProblem, StoreError, StoreErrorKind};
use types::{Body, Context, ETag};

use crate::api::{ANSWER_MAX_BYTES, Query, failed, xml_path};
use crate::found::header_hash;
use crate::put::is_digest_refusal;
use crate::store::GcsStore;

const CREATE: &str = "begin an upload";
const PART: &str = "put a part";
const COMPLETE: &str = "complete an upload";
const ABORT: &str = "abort an upload";

/// The text of the first element of this name.
pub(super) fn element(document: &[u8], name: &str) -> Option<String> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).ok()?);
    let mut inside = false;
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => inside = start.local_name().as_ref() == name,
            Event::Text(piece) if inside => text.push_str(&piece),
            Event::GeneralRef(reference) if inside => {
                let escape = format!("&{};", &*reference);
                text.push_str(&quick_xml::escape::unescape(&escape).ok()?);
            }
            Event::End(end) if inside && end.local_name().as_ref() == name => return Some(text),
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// An unfinished upload as the service lists it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ListedUpload {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) initiated: String,
}

/// The uploads of a listing.
fn listed_uploads(document: &[u8]) -> Vec<ListedUpload> {
    let text = std::str::from_utf8(document).unwrap_or_default();
    let upload = |piece: &str| {
        // One upload's elements, up to its end.
        let piece = piece.split("</Upload>").next().unwrap_or_default();
        let field = |name: &str| element(format!("<Upload>{piece}</Upload>").as_bytes(), name);
        Some(ListedUpload { name: field("Key")?, id: field("UploadId")?, initiated: field("Initiated")? })
    };
    text.split("<Upload>").skip(1).filter_map(upload).collect()
}

/// A part as the service has stored it.
pub(super) struct XmlPart {
    pub(super) md5: [u8; 16],
    pub(super) crc32c: Option<[u8; 4]>,
    /// What the service calls it on completing.
    pub(super) etag: String,
}

impl GcsStore {
    /// Begins an upload to a waiting name; `None` where the endpoint has none.
    pub(super) async fn create_xml(
        &self,
        cx: &Context,
        bucket: &str,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        let query = Query::new().flag("uploads");
        let request = self.api.request(Method::POST, &xml_path(bucket, name), &query);
        let mut request = request.map_err(|error| failed(error, CREATE))?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(crate::found::NO_TYPE));
        match self.api.ask_bytes(cx, request).await.map_err(|error| failed(error, CREATE))? {
            Ok(document) => Ok(element(&document, "UploadId").filter(|id| !id.is_empty())),
            Err(refusal)
                if matches!(
                    refusal.status,
                    StatusCode::BAD_REQUEST
                        | StatusCode::NOT_FOUND
                        | StatusCode::METHOD_NOT_ALLOWED
                        | StatusCode::NOT_IMPLEMENTED
                ) =>
            {
                // A bucket that is not there is no statement about the endpoint.
                if element(refusal.message.as_bytes(), "Code").as_deref() == Some("NoSuchBucket") {
                    return Err(StoreError::missing(Missing::Bucket, CREATE));
                }
                Ok(None)
            }
            Err(refusal) => Err(refusal.into_store(CREATE)),
        }
    }

    /// Unfinished uploads to names that begin so, at most a thousand; none where the endpoint lists none.
    pub(super) async fn xml_uploads(
        &self,
        cx: &Context,
        bucket: &str,
        prefix: &str,
    ) -> Result<Vec<ListedUpload>, StoreError> {
        const LIST: &str = "list uploads";
        let query = Query::new().flag("uploads").with("prefix", prefix);
        let request = self.api.request(Method::GET, &format!("/{bucket}"), &query);
        let request = request.map_err(|error| failed(error, LIST))?;
        match self.api.ask_bytes(cx, request).await.map_err(|error| failed(error, LIST))? {
            Ok(document) => Ok(listed_uploads(&document)),
            Err(refusal) if refusal.status.is_client_error() => Ok(Vec::new()),
            Err(refusal) => Err(refusal.into_store(LIST)),
        }
    }

    /// Sends a part.
    pub(super) async fn put_xml_part(
        &self,
        cx: &Context,
        (bucket, name, upload): (&str, &str, &str),
        number: u32,
        (body, md5): (Body, Option<[u8; 16]>),
    ) -> Result<XmlPart, StoreError> {
        let Some(length_bytes) = body.length_bytes() else {
            return Err(StoreError::new(
                StoreErrorKind::Unsupported("a part is sent on as it comes, so its length must be known"),
                PART,
            ));
        };
        let query = Query::new().with("partNumber", number).with("uploadId", upload);
        let request = self.api.request(Method::PUT, &xml_path(bucket, name), &query);
        let mut request = request.map_err(|error| failed(error, PART))?;
        if let Some(md5) = md5 {
            use base64::Engine;
            let value = base64::engine::general_purpose::STANDARD.encode(md5);
            let value = HeaderValue::from_str(&value).expect("base64 is visible");
            request.headers.insert("content-md5", value);
        }
        request.body = Payload::Stream { body, length_bytes };
        request.replay = Replay::Unsent;
        let response = match self.api.ask(cx, request).await.map_err(|error| failed(error, PART))? {
            Ok(response) => response,
            Err(refusal) if refusal.is_missing() => return Err(StoreError::missing(Missing::Upload, PART)),
            Err(refusal) if is_digest_refusal(&refusal) => {
                return Err(StoreError::with_source(StoreErrorKind::DigestMismatch(None), PART, refusal));
            }
            Err(refusal) => return Err(refusal.into_store(PART)),
        };
        let etag = response.header(ETAG.as_str()).unwrap_or_default().to_owned();
        let md5 = header_hash(&response.headers, "md5").or_else(|| ETag::from_text(&etag).md5());
        let crc32c = header_hash(&response.headers, "crc32c");
        // Read, so that the connection may serve again.
        let _ = response.collect(ANSWER_MAX_BYTES).await;
        let md5 = md5.ok_or_else(|| failed(RemoteErrorKind::Malformed("a part without MD5").into(), PART))?;
        Ok(XmlPart { md5, crc32c, etag })
    }

    /// Completes an upload to its waiting name. Done before, it is done.
    pub(super) async fn complete_xml(
        &self,
        cx: &Context,
        (bucket, name, upload): (&str, &str, &str),
        parts: &[(u32, String)],
    ) -> Result<(), StoreError> {
        let query = Query::new().with("uploadId", upload);
        let request = self.api.request(Method::POST, &xml_path(bucket, name), &query);
        let mut request = request.map_err(|error| failed(error, COMPLETE))?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        request.body = Payload::Bytes(part_list(parts));
        match self.api.ask_bytes(cx, request).await {
            Ok(Ok(document)) => match element(&document, "Code") {
                Some(code) => Err(refused(&code, parts)),
                None => Ok(()),
            },
            Ok(Err(refusal)) if refusal.is_missing() => Ok(()),
            Ok(Err(refusal)) if refusal.status == StatusCode::BAD_REQUEST => {
                let code = element(refusal.message.as_bytes(), "Code").unwrap_or_default();
                Err(StoreError { source: Some(refusal.into()), ..refused(&code, parts) })
            }
            Ok(Err(refusal)) if refusal.is_ambiguous() => Ok(()),
            Ok(Err(refusal)) => Err(refusal.into_store(COMPLETE)),
            // Whether it is done shows when the waiting name is looked at.
            Err(error) if error.is_ambiguous() => Ok(()),
            Err(error) => Err(failed(error, COMPLETE)),
        }
    }

    /// Ends an upload; one that is not there has ended.
    pub(super) async fn abort_xml(
        &self,
        cx: &Context,
        bucket: &str,
        name: &str,
        upload: &str,
    ) -> Result<(), StoreError> {
        let query = Query::new().with("uploadId", upload);
        let request = self.api.request(Method::DELETE, &xml_path(bucket, name), &query);
        let request = request.map_err(|error| failed(error, ABORT))?;
        match self.api.ask_nothing(cx, request).await.map_err(|error| failed(error, ABORT))? {
            Ok(()) => Ok(()),
            Err(refusal) if refusal.is_missing() => Ok(()),
            Err(refusal) => Err(refusal.into_store(ABORT)),
        }
    }
}

/// A completion's refusal: a part was replaced between our record of it and this.
fn refused(code: &str, parts: &[(u32, String)]) -> StoreError {
    let first = parts.first().map_or(1, |(number, _)| *number);
    match code {
        "InvalidPart" => StoreError::new(StoreErrorKind::Part(PartProblem::Invalid(first)), COMPLETE),
        "InvalidPartOrder" => StoreError::new(StoreErrorKind::Part(PartProblem::Order), COMPLETE),
        _ => StoreError::new(StoreErrorKind::Internal, COMPLETE),
    }
}

fn part_list(parts: &[(u32, String)]) -> Bytes {
    let mut document = String::from("<CompleteMultipartUpload>");
    for (number, etag) in parts {
        let etag = quick_xml::escape::escape(etag.as_str());
        document.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
    }
    document.push_str("</CompleteMultipartUpload>");
    document.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_in_any_namespace() {
        let document =
            b"<?xml version='1.0'?><R xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Bucket>b</Bucket>\
                         <UploadId>a&amp;b</UploadId></R>";
        assert_eq!(element(document, "UploadId").as_deref(), Some("a&b"));
        assert_eq!(element(document, "Code"), None);
        assert_eq!(element(b"{\"error\":{}}", "Code"), None);
        assert_eq!(element(b"<a><UploadId>", "UploadId"), None);
    }

    #[test]
    fn uploads_are_read_one_by_one() {
        let document =
            b"<R><Upload><Key>a&amp;b</Key><UploadId>1</UploadId><Initiated>t</Initiated></Upload>\
                         <Upload><Key>c</Key></Upload><IsTruncated>false</IsTruncated></R>";
        let expected = ListedUpload { name: "a&b".into(), id: "1".into(), initiated: "t".into() };
        assert_eq!(listed_uploads(document), [expected]);
    }

    #[test]
    fn a_list_of_parts_is_as_documented() {
        let list = part_list(&[(1, "\"a\"".to_owned()), (7, "b".to_owned())]);
        assert_eq!(
            list,
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>\
             <Part><PartNumber>7</PartNumber><ETag>b</ETag></Part></CompleteMultipartUpload>"
        );
    }
}
