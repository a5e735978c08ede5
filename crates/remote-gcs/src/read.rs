use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use http::header::{ACCEPT_ENCODING, CONTENT_RANGE, HeaderValue, RANGE};
use http::{Method, StatusCode};
use parking_lot::Mutex;
use remote::{RemoteError, RemoteErrorKind, Request, Response};
use store::{
    Bucket, Content, ListParts, Missing, ObjectInfo, ObjectParts, OpenOptions, Opened, StoreError,
    StoreErrorKind, Versioning,
};
use types::{
    Body, BodyError, BodyErrorKind, BucketName, ByteRange, Context, ObjectKey, RangeSpec, VersionId,
};

use crate::api::{Api, Query, Refusal, failed, object_path, xml_path};
use crate::body::checked;
use crate::found::{FIELDS, Found, NOT_AN_OBJECT, Resource};
use crate::identity::Known;
use crate::names::is_storable;
use crate::store::GcsStore;

const READ: &str = "read an object";
/// How often a body that breaks off is taken up again.
const RESUME_ATTEMPTS: u32 = 4;

/// Which API gives objects together with their metadata.
#[derive(Debug, Default)]
pub(crate) struct ReadPath(AtomicU8);

impl ReadPath {
    const XML: u8 = 1;
    const JSON: u8 = 2;

    fn is(&self, path: u8) -> bool {
        self.0.load(Ordering::Relaxed) == path
    }

    fn settle(&self, path: u8) {
        self.0.store(path, Ordering::Relaxed);
    }
}

/// The generation that a version names: `None` where it names none that can be there.
pub(crate) fn generation(bucket: &Bucket, version: Option<&VersionId>) -> Option<Option<i64>> {
    match version {
        None => Some(None),
        Some(VersionId::Null) if bucket.versioning == Versioning::Off => Some(None),
        Some(VersionId::Null) => None,
        Some(VersionId::Id(text)) => text.parse().ok().filter(|generation| *generation > 0).map(Some),
    }
}

/// What is missing where a version, or none, was named.
pub(crate) fn missing(version: Option<&VersionId>, operation: &'static str) -> StoreError {
    let what = if version.is_some() { Missing::Version } else { Missing::Key };
    StoreError::missing(what, operation)
}

impl GcsStore {
    /// An object, if it is there.
    pub(crate) async fn known(
        &self,
        cx: &Context,
        bucket: &BucketName,
        key: &ObjectKey,
        generation: Option<i64>,
    ) -> Result<Option<Known>, StoreError> {
        match self.look(cx, bucket.as_str(), key.as_str(), generation).await? {
            Some(found) => self.know(bucket, key, found).await.map(Some),
            None => Ok(None),
        }
    }

    /// What the service tells of an object, if it is there.
    pub(crate) async fn look(
        &self,
        cx: &Context,
        bucket: &str,
        name: &str,
        generation: Option<i64>,
    ) -> Result<Option<Found>, StoreError> {
        let query = Query::new().with("fields", FIELDS).with_some("generation", generation);
        let request = self.api.request(Method::GET, &object_path(bucket, name), &query);
        let request = request.map_err(|error| failed(error, READ))?;
        match self.api.ask_json::<Resource>(cx, request).await.map_err(|error| failed(error, READ))? {
            Ok(resource) => Found::from_resource(resource).map(Some).ok_or_else(not_an_object),
            Err(refusal) if is_absent(&refusal, generation) => Ok(None),
            Err(refusal) => Err(refusal.into_store(READ)),
        }
    }

    pub(crate) async fn head_object(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &OpenOptions,
    ) -> Result<(Known, ObjectInfo), StoreError> {
        let version = options.version_id.as_ref();
        let generation = generation(bucket, version).filter(|_| is_storable(key.as_str()));
        let Some(generation) = generation else { return Err(missing(version, READ)) };
        let known = self.known(cx, &bucket.name, key, generation).await?;
        let known = known.ok_or_else(|| missing(version, READ))?;
        let info = known.info(bucket, options)?;
        Ok((known, info))
    }

    pub(crate) async fn list_object_parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        let (known, _) = self.head_object(cx, bucket, key, options).await?;
        let mut spans = known.parts.spans().filter(|span| span.number > page.after);
        let parts = spans.by_ref().take(page.limit).collect();
        Ok(ObjectParts { parts, more: spans.next().is_some() })
    }

    /// Opens an object. One request gives what it is and its bytes, where the range is known beforehand.
    pub(crate) async fn open_object(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &OpenOptions,
    ) -> Result<Opened, StoreError> {
        let version = options.version_id.as_ref();
        let generation = generation(bucket, version).filter(|_| is_storable(key.as_str()));
        let Some(generation) = generation else { return Err(missing(version, READ)) };
        if options.part_number.is_some() || self.read_path.is(ReadPath::JSON) {
            return self.open_known(cx, bucket, key, options).await;
        }
        let reading = Reading {
            api: self.api.clone(),
            bucket: bucket.name.as_str().to_owned(),
            name: key.as_str().to_owned(),
            media: Media::Xml,
        };
        let response = reading.ask(cx, generation, options.range_hint).await;
        let response = response.map_err(|error| failed(error, READ))?;
        match response.status {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
                self.read_path.settle(ReadPath::XML);
                let (found, range, body) = received(response).map_err(|error| failed(error, READ))?;
                let known = self.know(&bucket.name, key, found).await?;
                let info = known.info(bucket, options)?;
                let content = Pinned::new(reading, &known.found, cx.clone(), Some((range, body)));
                Ok(Opened { info, content: Box::new(content) })
            }
            // No byte is asked for that is there: what is there decides what that means.
            StatusCode::RANGE_NOT_SATISFIABLE => self.open_known(cx, bucket, key, options).await,
            StatusCode::NOT_FOUND if self.read_path.is(ReadPath::XML) => Err(missing(version, READ)),
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED => {
                let opened = self.open_known(cx, bucket, key, options).await?;
                // It is there all the same: this endpoint has no XML API to read by.
                self.read_path.settle(ReadPath::JSON);
                Ok(opened)
            }
            _ => Err(Refusal::read(response).await.into_store(READ)),
        }
    }

    /// Looks first, and reads by later requests.
    async fn open_known(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &OpenOptions,
    ) -> Result<Opened, StoreError> {
        let (known, info) = self.head_object(cx, bucket, key, options).await?;
        let content = self.pinned(cx, bucket.name.as_str(), key.as_str(), &known.found);
        Ok(Opened { info, content: Box::new(content) })
    }

    /// The bytes of just this generation of an object.
    pub(crate) fn pinned(&self, cx: &Context, bucket: &str, name: &str, found: &Found) -> Pinned {
        let media = if self.read_path.is(ReadPath::XML) { Media::Xml } else { Media::Json };
        let (api, bucket, name) = (self.api.clone(), bucket.to_owned(), name.to_owned());
        Pinned::new(Reading { api, bucket, name, media }, found, cx.clone(), None)
    }
}

fn not_an_object() -> StoreError {
    failed(RemoteErrorKind::Malformed(NOT_AN_OBJECT).into(), READ)
}

/// Whether a refusal says that nothing is there. A generation that no object can have is refused as malformed.
fn is_absent(refusal: &Refusal, generation: Option<i64>) -> bool {
    refusal.is_missing() || (generation.is_some() && refusal.status == StatusCode::BAD_REQUEST)
}

/// Which API the bytes come from.
#[derive(Debug, Clone, Copy)]
enum Media {
    Xml,
    Json,
}

/// How to ask for an object's bytes.
struct Reading {
    api: Arc<Api>,
    bucket: String,
    name: String,
    media: Media,
}

impl Reading {
    async fn ask(
        &self,
        cx: &Context,
        generation: Option<i64>,
        range: Option<RangeSpec>,
    ) -> Result<Response, RemoteError> {
        let query = Query::new().with_some("generation", generation);
        let (path, query) = match self.media {
            Media::Xml => (xml_path(&self.bucket, &self.name), query),
            Media::Json => (object_path(&self.bucket, &self.name), query.with("alt", "media")),
        };
        let mut request: Request = self.api.request(Method::GET, &path, &query)?;
        // Otherwise objects stored compressed are sent unpacked, in other bytes than those stored.
        request.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(range) = range {
            let value = HeaderValue::from_str(&range.to_string()).expect("a range is digits");
            request.headers.insert(RANGE, value);
        }
        self.api.ask_any(cx, request).await
    }

    /// The bytes of a range of just this generation.
    async fn range(&self, cx: &Context, generation: i64, range: ByteRange) -> Result<Body, StoreError> {
        let spec = RangeSpec::FromTo { first: range.start, last: range.end.saturating_sub(1) };
        let response =
            self.ask(cx, Some(generation), Some(spec)).await.map_err(|error| failed(error, READ))?;
        match response.status {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
            // Other bytes than those that were opened must not be read.
            StatusCode::NOT_FOUND => return Err(StoreError::new(StoreErrorKind::Conflict, READ)),
            _ => return Err(Refusal::read(response).await.into_store(READ)),
        }
        let (got, body) = span(response).map_err(|error| failed(error, READ))?;
        if got != range {
            return Err(failed(RemoteErrorKind::Malformed("another range than asked for").into(), READ));
        }
        Ok(body)
    }
}

/// What an answer with bytes covers: the range, the size of the whole, and the bytes.
fn extent(response: &Response) -> Result<(ByteRange, u64), RemoteError> {
    let malformed = || RemoteError::from(RemoteErrorKind::Malformed("no length"));
    if response.status == StatusCode::PARTIAL_CONTENT {
        let header = response.header(CONTENT_RANGE.as_str()).and_then(|header| header.strip_prefix("bytes "));
        let read = |header: &str| {
            let (range, size) = header.split_once('/')?;
            let (first, last) = range.split_once('-')?;
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            let size = size.parse().ok().filter(|size| first <= last && last < *size)?;
            Some((ByteRange { start: first, end: last + 1 }, size))
        };
        return header.and_then(read).ok_or_else(malformed);
    }
    let stored = response.header("x-goog-stored-content-length").and_then(|text| text.parse().ok());
    let length = response.body.length_bytes();
    match (stored, length) {
        // Fewer or more bytes than are stored: unpacked on the way.
        (Some(stored), Some(length)) if stored != length => Err(malformed()),
        (Some(size), _) | (None, Some(size)) => Ok((ByteRange::whole(size), size)),
        (None, None) => Err(malformed()),
    }
}

fn span(response: Response) -> Result<(ByteRange, Body), RemoteError> {
    let (range, _) = extent(&response)?;
    if response.body.length_bytes().is_some_and(|length| length != range.len()) {
        return Err(RemoteErrorKind::Malformed("another length than announced").into());
    }
    Ok((range, response.body))
}

/// An object as its own answer tells it, with its first bytes.
fn received(response: Response) -> Result<(Found, ByteRange, Body), RemoteError> {
    let (_, size_bytes) = extent(&response)?;
    let found = Found::from_headers(&response.headers, size_bytes);
    let found = found.ok_or(RemoteErrorKind::Malformed(NOT_AN_OBJECT))?;
    let (range, body) = span(response)?;
    Ok((found, range, body))
}

/// The bytes of one generation.
pub(crate) struct Pinned {
    reading: Arc<Reading>,
    cx: Context,
    generation: i64,
    size_bytes: u64,
    crc32c: Option<[u8; 4]>,
    /// The range that came with the answer that opened it, until it is read.
    ready: Mutex<Option<(ByteRange, Body)>>,
}

impl Pinned {
    fn new(reading: Reading, found: &Found, cx: Context, ready: Option<(ByteRange, Body)>) -> Self {
        Self {
            reading: Arc::new(reading),
            cx,
            generation: found.generation,
            size_bytes: found.size_bytes,
            crc32c: found.crc32c,
            ready: Mutex::new(ready),
        }
    }
}

#[async_trait]
impl Content for Pinned {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        let ready = self.ready.lock().take().filter(|(ready, _)| *ready == range);
        if range.is_empty() {
            return Ok(Body::empty());
        }
        let first = match ready {
            Some((_, body)) => body,
            None => self.reading.range(&self.cx, self.generation, range).await?,
        };
        let (reading, cx, generation) = (self.reading.clone(), self.cx.clone(), self.generation);
        let body = remote::resume(first, range, RESUME_ATTEMPTS, move |rest| {
            let (reading, cx) = (reading.clone(), cx.clone());
            async move {
                let asked = reading.range(&cx, generation, rest).await;
                asked.map_err(|error| BodyError::with_source(BodyErrorKind::Storage, error))
            }
        });
        match self.crc32c {
            Some(crc32c) if range == ByteRange::whole(self.size_bytes) => Ok(checked(body, crc32c)),
            _ => Ok(body),
        }
    }
}
