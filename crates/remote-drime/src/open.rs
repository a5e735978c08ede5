use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Uri;
use http::header::HeaderValue;
use parking_lot::Mutex;
use store::{
    Bucket, Content, ListParts, Missing, ObjectInfo, ObjectParts, OpenOptions, Opened, StoreError,
    StoreErrorKind,
};
use tokio::time::Instant;
use types::{Body, BodyError, BodyErrorKind, ByteRange, Context, ObjectKey, VersionId};

use crate::api::{ApiError, ApiErrorKind, Entry, Fetched, Lane, Wanted};
use crate::drive::Drive;
use crate::identity::Known;
use crate::place::Place;

const OPERATION: &str = "open object";
/// How often an object is looked for again that was replaced between the look and the first byte.
const ATTEMPTS: usize = 16;
/// How long an address is used. The service's are good for longer.
const ADDRESS_TTL: Duration = Duration::from_secs(60);

impl Drive {
    pub(crate) async fn head(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        hold_version(&options, "find object")?;
        self.known_settled(cx, &self.place(bucket, key), "find object").await?.info(&options, "find object")
    }

    pub(crate) async fn parts(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        const OPERATION: &str = "list an object's parts";
        hold_version(&options, OPERATION)?;
        let known = self.known_settled(cx, &self.place(bucket, key), OPERATION).await?;
        let mut spans = known.spans(OPERATION)?.into_iter().filter(|span| span.number > page.after);
        let parts = spans.by_ref().take(page.limit).collect();
        Ok(ObjectParts { parts, more: spans.next().is_some() })
    }

    /// Finds an object and asks for the bytes that are likely to be read, so that they come from the object that was found.
    pub(crate) async fn open(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        hold_version(&options, OPERATION)?;
        let place = self.place(bucket, key);
        for _ in 0..ATTEMPTS {
            let known = self.known_settled(cx, &place, OPERATION).await?;
            let info = known.info(&options, OPERATION)?;
            let file = Arc::new(File::new(self.clone(), cx.clone(), place.lane, known.entry.clone()));
            let first = match likely(&info, &options) {
                None => None,
                Some(range) => match file.fetch(range).await {
                    Ok(fetched) => Some((range, fetched.body)),
                    Err(error) if error.kind == ApiErrorKind::Gone => {
                        self.doubt(&place, &known);
                        continue;
                    }
                    Err(error) => return Err(error.into_store()),
                },
            };
            return Ok(Opened { info, content: Box::new(OpenFile { file, first: Mutex::new(first) }) });
        }
        Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION))
    }

    /// What we thought to be there is not.
    fn doubt(&self, place: &Place, known: &Known) {
        tracing::debug!(key = %place.key, entry = %known.entry.id, "a file is gone; its folder is looked into anew");
        self.folders.doubt(known.entry.parent, known.entry.id);
    }
}

/// There are no versions: the one that is there is the null version.
pub(crate) fn hold_version(options: &OpenOptions, operation: &'static str) -> Result<(), StoreError> {
    match &options.version_id {
        None | Some(VersionId::Null) => Ok(()),
        Some(VersionId::Id(_)) => Err(StoreError::missing(Missing::Version, operation)),
    }
}

/// What is likely to be read first; `None` where no byte is.
fn likely(info: &ObjectInfo, options: &OpenOptions) -> Option<ByteRange> {
    let range = match (&info.part, options.range_hint) {
        (Some(part), _) => part.range,
        (None, Some(hint)) => hint.resolve(info.size_bytes).ok()?,
        (None, None) => ByteRange::whole(info.size_bytes),
    };
    (!range.is_empty()).then_some(range)
}

/// A file whose bytes are being read.
pub(crate) struct File {
    drive: Arc<Drive>,
    cx: Context,
    lane: Lane,
    entry: Entry,
    address: Mutex<Option<(Uri, Instant)>>,
    /// The storage's tag, once it has told one: other bytes under the same number are not taken.
    etag: Mutex<Option<HeaderValue>>,
}

impl File {
    pub(crate) fn new(drive: Arc<Drive>, cx: Context, lane: Lane, entry: Entry) -> Self {
        Self { drive, cx, lane, entry, address: Mutex::default(), etag: Mutex::default() }
    }

    async fn address(&self) -> Result<Uri, ApiError> {
        let known = self.address.lock().clone();
        if let Some((url, _)) = known.filter(|(_, told_at)| told_at.elapsed() < ADDRESS_TTL) {
            return Ok(url);
        }
        let url = self.drive.api.locate(&self.cx, self.lane, self.entry.id).await?;
        *self.address.lock() = Some((url.clone(), Instant::now()));
        Ok(url)
    }

    /// Asks for a range that is not empty, pinned to what was read before.
    pub(crate) async fn fetch(&self, range: ByteRange) -> Result<Fetched, ApiError> {
        let etag = self.etag.lock().clone();
        let wanted = Wanted { range, size_bytes: self.entry.size_bytes, etag };
        let mut fetched = self.drive.api.fetch(&self.cx, self.address().await?, wanted.clone()).await;
        if fetched.as_ref().is_err_and(|error| error.kind == ApiErrorKind::Refused) {
            // The address is too old.
            *self.address.lock() = None;
            fetched = self.drive.api.fetch(&self.cx, self.address().await?, wanted).await;
        }
        let fetched = fetched?;
        self.etag.lock().get_or_insert_with(|| fetched.etag.clone().unwrap_or(HeaderValue::from_static("*")));
        Ok(fetched)
    }
}

/// A body of a range that goes on where it was when it breaks off.
pub(crate) fn lasting(file: &Arc<File>, range: ByteRange, first: Body) -> Body {
    let (file, attempts) = (file.clone(), file.drive.tuning.read_attempts);
    remote::resume(first, range, attempts, move |rest| {
        let file = file.clone();
        async move {
            let fetched = file.fetch(rest).await;
            let failed = |error| BodyError::with_source(BodyErrorKind::Storage, error);
            fetched.map(|fetched| fetched.body).map_err(failed)
        }
    })
}

struct OpenFile {
    file: Arc<File>,
    /// What was asked for at once.
    first: Mutex<Option<(ByteRange, Body)>>,
}

#[async_trait]
impl Content for OpenFile {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        if range.is_empty() {
            return Ok(Body::empty());
        }
        let first = self.first.lock().take();
        let body = match first {
            Some((asked, body)) if asked == range => body,
            _ => {
                let fetched = self.file.fetch(range).await;
                let gone = |error: ApiError| match error.kind {
                    ApiErrorKind::Gone => {
                        StoreError::with_source(StoreErrorKind::Conflict, "read object", error)
                    }
                    _ => error.into_store(),
                };
                fetched.map_err(gone)?.body
            }
        };
        Ok(lasting(&self.file, range, body))
    }
}
