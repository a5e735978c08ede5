use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_RANGE, ETAG, IF_MATCH, RANGE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

use super::answer::{Answered, Refusal, refused};
use super::request::Call;
use super::world::World;

/// Stands for the signature of a presigned URL: it belongs to one object.
pub(super) fn sign(object: &str) -> String {
    format!("{:016x}", digest(object.as_bytes()))
}

/// FNV-1a: enough to tell bytes apart in tests.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// An entity tag that is no MD5, as storages with server-side encryption give.
fn etag(bytes: &[u8]) -> String {
    format!("\"{:016x}-{}\"", digest(bytes), bytes.len())
}

impl World {
    /// What the storage behind the presigned URLs answers.
    pub(super) fn store(&mut self, parts: &Parts, body: &Bytes) -> Answered {
        if parts.headers.contains_key(AUTHORIZATION) {
            self.leaked_tokens += 1;
            return Err(refused(400, "Only one auth mechanism allowed."));
        }
        let object = parts.uri.path().trim_start_matches('/').to_owned();
        let call = Call::new(parts, body);
        if call.query("signature") != Some(sign(&object).as_str()) {
            return Err(refused(403, "SignatureDoesNotMatch"));
        }
        match parts.method {
            Method::PUT => self.take_part(&object, body),
            Method::GET => self.give(&object, parts),
            _ => Err(refused(405, "MethodNotAllowed")),
        }
    }

    fn take_part(&mut self, object: &str, body: &Bytes) -> Answered {
        let gone = || refused(404, "NoSuchUpload");
        let (upload, number) =
            object.strip_prefix("parts/").and_then(|rest| rest.split_once('/')).ok_or_else(gone)?;
        let upload = self.uploads.get_mut(upload).filter(|upload| !upload.is_complete).ok_or_else(gone)?;
        let tag = etag(body);
        upload.parts.insert(number.parse().map_err(|_| gone())?, (tag.clone(), body.clone()));
        let mut response = Response::new(Bytes::new());
        response.headers_mut().insert(ETAG, header(&tag)?);
        Ok(response)
    }

    fn give(&self, object: &str, parts: &Parts) -> Answered {
        let bytes = self.objects.get(object).ok_or_else(|| refused(404, "NoSuchKey"))?;
        let tag = etag(bytes);
        if parts.headers.get(IF_MATCH).is_some_and(|wanted| wanted.as_bytes() != tag.as_bytes()) {
            return Err(refused(412, "PreconditionFailed"));
        }
        let range = parts.headers.get(RANGE).and_then(|range| range.to_str().ok());
        let Some(range) = range else {
            let mut response = Response::new(bytes.clone());
            response.headers_mut().insert(ETAG, header(&tag)?);
            return Ok(response);
        };
        let wrong = || refused(416, "InvalidRange");
        let (first, last) =
            range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(wrong)?;
        let first: usize = first.parse().map_err(|_| wrong())?;
        let end = last.parse::<usize>().map_or(bytes.len(), |last| last.saturating_add(1)).min(bytes.len());
        if first >= end {
            return Err(wrong());
        }
        let mut response = Response::new(bytes.slice(first..end));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        response.headers_mut().insert(ETAG, header(&tag)?);
        let range = format!("bytes {first}-{}/{}", end - 1, bytes.len());
        response.headers_mut().insert(CONTENT_RANGE, header(&range)?);
        Ok(response)
    }
}

fn header(text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(text).map_err(|_| refused(500, "InternalError"))
}
