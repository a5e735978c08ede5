//! Bytes on their way into one object: in one request where their length is known, in pieces where it is not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderValue, LOCATION, RANGE};
use http::{Method, StatusCode};
use remote::{Payload, RemoteError, RemoteErrorKind, Replay, Response};
use serde_json::{Value, json};
use store::{StoreError, StoreErrorKind};
use types::{Body, BodyError, Context, Frame, ObjectMetadata};

use crate::api::{Asked, Query, Refusal};
use crate::body::Related;
use crate::class;
use crate::facts::{Written, kept_headers};
use crate::found::{FIELDS, Found, NOT_AN_OBJECT, Resource};
use crate::guard::Guard;
use crate::store::GcsStore;

/// Pieces of a body of unknown length, but for the last, are multiples of this. Source: "Resumable uploads".
const PIECE_BYTES: usize = 256 * 1024;

/// The bytes of an object to be.
pub(crate) enum Source {
    /// All of them.
    Whole(Vec<Bytes>),
    /// A stream of known length.
    Stream(Body, u64),
    /// The beginning of a stream of unknown length, and the rest.
    Pieces(Pieces),
}

/// A body of unknown length that has been begun.
pub(crate) struct Pieces {
    begun: Vec<Bytes>,
    rest: Body,
}

/// What is uploaded where.
pub(crate) struct Upload<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) resource: Value,
    pub(crate) guard: Guard,
}

/// The resource of an object to be: what a client said of it, and `written` as its metadata.
pub(crate) fn resource(name: &str, said: &ObjectMetadata, written: &Written) -> Value {
    let mut resource = json!({ "name": name, "metadata": written });
    for (field, value) in kept_headers(&said.headers) {
        if let Some(value) = value {
            resource[field] = value.into();
        }
    }
    if let Some(class) = class::to_gcs(said.storage_class) {
        resource["storageClass"] = class.into();
    }
    resource
}

/// Digests that the service is to verify.
pub(crate) fn expect(resource: &mut Value, md5: Option<[u8; 16]>, crc32c: Option<&[u8]>) {
    if let Some(md5) = md5 {
        resource["md5Hash"] = BASE64.encode(md5).into();
    }
    if let Some(crc32c) = crc32c {
        resource["crc32c"] = BASE64.encode(crc32c).into();
    }
}

/// Takes a body whole where it is small, and leaves a larger one a stream.
///
/// # Errors
/// The body's own.
pub(crate) async fn gather(
    body: Body,
    small_max_bytes: u64,
    chunk_bytes: usize,
) -> Result<Source, BodyError> {
    let max_bytes = match body.length_bytes() {
        Some(length) if length > small_max_bytes => return Ok(Source::Stream(body, length)),
        Some(_) => usize::MAX,
        None => chunk_bytes,
    };
    let mut pieces = Pieces { begun: Vec::new(), rest: body };
    match pieces.fill(max_bytes).await? {
        Filled::Ended => Ok(Source::Whole(pieces.begun)),
        Filled::Full => Ok(Source::Pieces(pieces)),
    }
}

/// How far [`Pieces::fill`] came.
enum Filled {
    Ended,
    Full,
}

impl Pieces {
    /// Takes frames until more than `max_bytes` are at hand or the body has ended.
    async fn fill(&mut self, max_bytes: usize) -> Result<Filled, BodyError> {
        let mut length = self.begun.iter().map(Bytes::len).sum::<usize>();
        while length <= max_bytes {
            match self.rest.next_frame().await {
                Some(Ok(Frame::Data(data))) => {
                    length += data.len();
                    self.begun.push(data);
                }
                Some(Ok(Frame::Trailer(_))) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(Filled::Ended),
            }
        }
        Ok(Filled::Full)
    }

    /// Takes what is at hand, cut to whole pieces where more is to come.
    fn cut(&mut self, filled: &Filled) -> Bytes {
        let mut whole = self.begun.concat();
        self.begun.clear();
        if matches!(filled, Filled::Full) {
            let rest = whole.split_off(whole.len() / PIECE_BYTES * PIECE_BYTES);
            self.begun.push(rest.into());
        }
        whole.into()
    }
}

impl GcsStore {
    /// Makes an object of a source.
    pub(crate) async fn upload(&self, cx: &Context, upload: Upload<'_>, source: Source) -> Asked<Found> {
        match source {
            Source::Whole(frames) => {
                let related = Related::new(&upload.resource, &*self.random);
                let kind = related.content_type.clone();
                self.related(cx, &upload, kind, related.around_bytes(&frames)).await
            }
            Source::Stream(body, length_bytes) => {
                let related = Related::new(&upload.resource, &*self.random);
                let kind = related.content_type.clone();
                self.related(cx, &upload, kind, related.around(body, length_bytes)).await
            }
            Source::Pieces(pieces) => self.resumable(cx, &upload, pieces).await,
        }
    }

    async fn related(
        &self,
        cx: &Context,
        upload: &Upload<'_>,
        content_type: HeaderValue,
        body: Payload,
    ) -> Asked<Found> {
        let query = upload.guard.apply(Query::new().with("uploadType", "multipart").with("fields", FIELDS));
        let path = format!("/upload{}/o", crate::api::bucket_path(upload.bucket));
        let mut request = self.api.request(Method::POST, &path, &query)?;
        request.headers.insert(CONTENT_TYPE, content_type);
        request.replay = if matches!(body, Payload::Stream { .. }) { Replay::Unsent } else { Replay::Safe };
        request.body = body;
        Ok(match self.api.ask_json::<Resource>(cx, request).await? {
            Ok(resource) => Ok(found(resource)?),
            Err(refusal) => Err(refusal),
        })
    }

    /// Source: "Perform resumable uploads" of the JSON API. Nothing is visible before the last piece has arrived.
    async fn resumable(&self, cx: &Context, upload: &Upload<'_>, mut pieces: Pieces) -> Asked<Found> {
        let query = upload.guard.apply(Query::new().with("uploadType", "resumable").with("fields", FIELDS));
        let query = query.with("name", upload.resource["name"].as_str().unwrap_or_default());
        let path = format!("/upload{}/o", crate::api::bucket_path(upload.bucket));
        let begin = self.api.with_json(Method::POST, &path, &query, &upload.resource)?;
        let session = match self.api.ask(cx, begin).await? {
            Ok(response) => session(&response)?,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut start = 0_u64;
        loop {
            let filled = match pieces.fill(self.limits.chunk_bytes).await {
                Ok(filled) => filled,
                Err(error) => {
                    self.cancel(cx, &session).await;
                    return Err(RemoteErrorKind::Body(error).into());
                }
            };
            let piece = pieces.cut(&filled);
            let end = start + piece.len() as u64;
            let response = self.send_piece(cx, &session, start, &filled, piece).await?;
            match response {
                Ok(response) if matches!(filled, Filled::Ended) => {
                    let bytes = response.collect(crate::api::ANSWER_MAX_BYTES).await?;
                    let resource = serde_json::from_slice(&bytes)
                        .map_err(|_| RemoteError::from(RemoteErrorKind::Malformed(NOT_AN_OBJECT)))?;
                    return Ok(Ok(found(resource)?));
                }
                Err(refusal) if refusal.status != StatusCode::PERMANENT_REDIRECT => return Ok(Err(refusal)),
                _ if matches!(filled, Filled::Ended) => {
                    return Err(RemoteErrorKind::Malformed("the last piece did not end the upload").into());
                }
                _ => start = end,
            }
        }
    }

    async fn send_piece(
        &self,
        cx: &Context,
        session: &str,
        start: u64,
        filled: &Filled,
        piece: Bytes,
    ) -> Asked<Response> {
        let end = start + piece.len() as u64;
        let total = if matches!(filled, Filled::Ended) { end.to_string() } else { "*".to_owned() };
        let span = if piece.is_empty() { "*".to_owned() } else { format!("{start}-{}", end - 1) };
        let mut request = self.api.request(Method::PUT, session, &Query::new())?;
        let range = HeaderValue::from_str(&format!("bytes {span}/{total}")).expect("digits are visible");
        request.headers.insert(CONTENT_RANGE, range);
        request.body = Payload::Bytes(piece);
        let answer = self.api.ask_any(cx, request).await?;
        if answer.status == StatusCode::PERMANENT_REDIRECT {
            let reached =
                answer.header(RANGE.as_str()).and_then(|range| range.rsplit_once('-')?.1.parse::<u64>().ok());
            if reached.map_or(0, |last| last + 1) != end {
                return Err(RemoteErrorKind::Malformed("a piece was kept in part").into());
            }
        }
        if answer.status.is_success() { Ok(Ok(answer)) } else { Ok(Err(Refusal::read(answer).await)) }
    }

    /// Gives up an upload in pieces. Where that fails, the service forgets it after a week.
    async fn cancel(&self, cx: &Context, session: &str) {
        let request = self.api.request(Method::DELETE, session, &Query::new());
        if let Ok(request) = request {
            let _ = self.api.ask_nothing(cx, request).await;
        }
    }

    /// Holds what the service has stored to what was sent; an object that differs is removed again.
    pub(crate) async fn hold(
        &self,
        cx: &Context,
        place: (&str, &str),
        found: &Found,
        sent: &crate::body::Seen,
    ) -> Result<(), StoreError> {
        let Some(sent) = sent.digests() else { return Ok(()) };
        let is_same = found.crc32c.is_none_or(|crc32c| crc32c == sent.crc32c);
        if is_same && found.size_bytes == sent.size_bytes {
            return Ok(());
        }
        let (bucket, name) = place;
        self.remove_generation(cx, bucket, name, found.generation).await;
        tracing::warn!(bucket, name, "the service stored other bytes than were sent; removed again");
        Err(StoreError::new(StoreErrorKind::Unavailable, "store an object"))
    }

    /// Removes just this generation; failures are left to whoever looks next.
    pub(crate) async fn remove_generation(&self, cx: &Context, bucket: &str, name: &str, generation: i64) {
        let query = Query::new().with("generation", generation);
        if let Ok(request) = self.api.request(Method::DELETE, &crate::api::object_path(bucket, name), &query)
        {
            let _ = self.api.ask_nothing(cx, request).await;
        }
    }
}

/// Path and query of the session that an answer opens: its host is not followed.
fn session(response: &Response) -> Result<String, RemoteError> {
    let location = response.header(LOCATION.as_str()).and_then(|text| text.parse::<http::Uri>().ok());
    let path = location.and_then(|uri| uri.path_and_query().map(ToString::to_string));
    path.ok_or_else(|| RemoteErrorKind::Malformed("no upload session").into())
}

fn found(resource: Resource) -> Result<Found, RemoteError> {
    Found::from_resource(resource).ok_or_else(|| RemoteErrorKind::Malformed(NOT_AN_OBJECT).into())
}
