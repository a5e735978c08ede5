//! A store that is far away, slow, and not always well.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use store::{
    Bucket, BucketPage, BucketStore, BucketUpdate, Capabilities, CompleteOptions, CompletedPart, Content,
    CopyOptions, CopyPartOptions, CopySource, CreateUploadOptions, DeleteOptions, DeleteOutcome,
    DeleteTarget, ListBuckets, ListObjects, ListPage, ListParts, ListUploads, ListVersions, MultipartStore,
    ObjectInfo, ObjectParts, ObjectStore, OpenOptions, Opened, PartOptions, PartOutcome, PartsPage,
    PutOptions, PutOutcome, SharedStore, StoreError, StoreErrorKind, UploadId, UploadPage, UploadRef,
    VersionPage,
};
use tokio::time::{Instant, Sleep};
use types::{
    Body, BodyError, BodyErrorKind, BodyStream, BucketName, ByteRange, Context, ETag, Frame, ObjectKey,
    Owner, TagSet, VersionId,
};

/// What bytes on their way are counted by.
pub(crate) const COUNTED_BYTES: u64 = 64 * 1024;
/// The frames of a rated body.
const FRAME_BYTES: usize = 64 * 1024;

/// What goes wrong with one request for bytes, or one open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is refused before its first byte.
    Refused,
    /// It breaks off after so many bytes.
    BreaksAfter(u64),
    /// It ends after so many bytes as if all were there.
    EndsAfter(u64),
    /// More bytes come than were asked for.
    TooMany,
    /// A byte is another one.
    WrongByte,
    /// It never comes to its end: no byte comes after so many.
    StallsAfter(u64),
    /// It is never answered.
    Hangs,
    /// It is answered after so long.
    Late(Duration),
    /// It waits for as long as [`Far::hold`] is held.
    Held,
}

/// What a far store does and has done.
#[derive(Default)]
pub(crate) struct Far {
    /// How long a request takes to its first byte.
    pub(crate) latency: Mutex<Duration>,
    /// Bytes per second of one body.
    pub(crate) rate: Mutex<Option<u64>>,
    /// Whether it can be reached.
    pub(crate) is_away: AtomicBool,
    /// What goes wrong with the next requests for bytes.
    pub(crate) faults: Mutex<VecDeque<Fault>>,
    /// What goes wrong with the next opens, heads and listings.
    pub(crate) call_faults: Mutex<VecDeque<Fault>>,
    /// What goes wrong with the next answers about the bucket.
    pub(crate) bucket_faults: Mutex<VecDeque<Fault>>,
    /// The object of which no more can be read, for it is not there any more.
    pub(crate) gone: Mutex<Option<String>>,
    /// The keys whose deletes among many are neither done nor answered.
    pub(crate) unanswered: Mutex<BTreeSet<String>>,
    /// Opened objects show this tag.
    pub(crate) wrong_etag: Mutex<Option<ETag>>,
    /// Answers about ranges leave the checksum of the whole out.
    pub(crate) hides_checksums: AtomicBool,
    pub(crate) puts: AtomicU64,
    pub(crate) opens: AtomicU64,
    pub(crate) heads: AtomicU64,
    pub(crate) lists: AtomicU64,
    pub(crate) reads: AtomicU64,
    /// How often each piece of each object was sent whole.
    sent: Mutex<BTreeMap<(String, u64), u64>>,
    /// Held for as long as calls that ask for something are to wait before they are served.
    pub(crate) gate: tokio::sync::RwLock<()>,
    /// Held for as long as answers to such calls are to wait before they are told.
    pub(crate) answers: tokio::sync::RwLock<()>,
    /// Held for as long as requests for bytes are to wait that are [`Fault::Held`].
    pub(crate) hold: tokio::sync::RwLock<()>,
}

impl Far {
    pub(crate) fn around(inner: &SharedStore) -> (Arc<Self>, SharedStore) {
        let far = Arc::<Self>::default();
        (far.clone(), Arc::new(FarStore { inner: inner.clone(), far }))
    }

    pub(crate) fn requests(&self) -> (u64, u64) {
        (self.opens.load(Ordering::SeqCst), self.heads.load(Ordering::SeqCst))
    }

    /// How often the pieces of an object were sent: the least and the most.
    pub(crate) fn sent(&self, key: &str, size_bytes: u64) -> (u64, u64) {
        let sent = self.sent.lock();
        let counts = (0..size_bytes.div_ceil(COUNTED_BYTES))
            .map(|piece| sent.get(&(key.to_owned(), piece)).copied().unwrap_or(0));
        (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0))
    }

    async fn arrive(&self) -> Result<(), StoreError> {
        let latency = *self.latency.lock();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        drop(self.gate.read().await);
        match self.is_away.load(Ordering::SeqCst) {
            true => Err(StoreError::new(StoreErrorKind::Unavailable, "reach the far store")),
            false => Ok(()),
        }
    }

    /// As [`Far::arrive`], of a call that may go wrong.
    async fn arrive_and_ask(&self) -> Result<(), StoreError> {
        self.arrive().await?;
        let fault = self.call_faults.lock().pop_front();
        self.strike(fault).await
    }

    /// Has a fault its way before a request is served.
    async fn strike(&self, fault: Option<Fault>) -> Result<(), StoreError> {
        match fault {
            Some(Fault::Refused) => Err(StoreError::new(StoreErrorKind::Unavailable, "ask far away")),
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::Late(by)) => {
                tokio::time::sleep(by).await;
                Ok(())
            }
            Some(Fault::Held) => {
                drop(self.hold.read().await);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn leave(&self) {
        drop(self.answers.read().await);
    }
}

struct FarStore {
    inner: SharedStore,
    far: Arc<Far>,
}

struct FarContent {
    inner: Box<dyn Content>,
    far: Arc<Far>,
    key: String,
    /// The range whose bytes came along with the answer.
    at_hand: Mutex<Option<ByteRange>>,
}

#[async_trait]
impl Content for FarContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        self.far.reads.fetch_add(1, Ordering::SeqCst);
        if self.at_hand.lock().take() != Some(range) {
            self.far.arrive().await?;
        }
        let fault = self.far.faults.lock().pop_front();
        self.far.strike(fault).await?;
        if self.far.gone.lock().as_ref() == Some(&self.key) {
            return Err(StoreError::new(StoreErrorKind::Conflict, "read far away"));
        }
        let rate = *self.far.rate.lock();
        let body = FarBody {
            inner: self.inner.read(range).await?,
            far: self.far.clone(),
            key: self.key.clone(),
            position: range.start,
            end: range.end,
            received: 0,
            fault,
            rate,
            began_at: Instant::now(),
            held: Bytes::new(),
            pause: None,
        };
        Ok(Body::new(body, Some(range.len())))
    }
}

struct FarBody {
    inner: Body,
    far: Arc<Far>,
    key: String,
    position: u64,
    end: u64,
    received: u64,
    fault: Option<Fault>,
    rate: Option<u64>,
    began_at: Instant,
    held: Bytes,
    pause: Option<Pin<Box<Sleep>>>,
}

impl FarBody {
    fn count(&self, bytes: u64) {
        let (start, end) = (self.position, self.position + bytes);
        let mut sent = self.far.sent.lock();
        for piece in start / COUNTED_BYTES..end.div_ceil(COUNTED_BYTES) {
            // Counted where its last byte is sent.
            let last = ((piece + 1) * COUNTED_BYTES).min(self.end.max(end));
            if start < last && last <= end {
                *sent.entry((self.key.clone(), piece)).or_default() += 1;
            }
        }
    }

    /// Applies the fault to the frame at hand; `None` where the body ends with it.
    fn spoil(&mut self, frame: Bytes) -> Option<Result<Bytes, BodyErrorKind>> {
        let left = |after: u64| after.saturating_sub(self.received);
        match self.fault {
            Some(Fault::BreaksAfter(after)) if left(after) < frame.len() as u64 => match left(after) {
                0 => Some(Err(BodyErrorKind::Incomplete)),
                some => Some(Ok(frame.slice(..some as usize))),
            },
            Some(Fault::EndsAfter(after)) if left(after) < frame.len() as u64 => match left(after) {
                0 => None,
                some => Some(Ok(frame.slice(..some as usize))),
            },
            Some(Fault::WrongByte) => {
                self.fault = None;
                let mut wrong = frame.to_vec();
                let middle = wrong.len() / 2;
                wrong[middle] ^= 0x55;
                Some(Ok(wrong.into()))
            }
            _ => Some(Ok(frame)),
        }
    }
}

impl BodyStream for FarBody {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        if let Some(pause) = &mut this.pause {
            ready!(pause.as_mut().poll(cx));
            this.pause = None;
        }
        if matches!(this.fault, Some(Fault::StallsAfter(after)) if this.received >= after) {
            return Poll::Pending;
        }
        if this.held.is_empty() {
            match ready!(this.inner.poll_frame(cx)) {
                Some(Ok(Frame::Data(data))) => this.held = data,
                Some(other) => return Poll::Ready(Some(other)),
                None if this.fault == Some(Fault::TooMany) => {
                    this.fault = None;
                    return Poll::Ready(Some(Ok(Frame::Data(Bytes::from_static(b"more")))));
                }
                None => return Poll::Ready(None),
            }
        }
        if let Some(rate) = this.rate {
            let frame = this.held.len().min(FRAME_BYTES) as u64;
            let due = this.began_at + Duration::from_secs_f64((this.received + frame) as f64 / rate as f64);
            if due > Instant::now() {
                this.pause = Some(Box::pin(tokio::time::sleep_until(due)));
                return self.poll_frame(cx);
            }
        }
        let frame = this.held.split_to(this.held.len().min(FRAME_BYTES));
        let Some(frame) = this.spoil(frame) else { return Poll::Ready(None) };
        let frame = match frame {
            Ok(frame) => frame,
            Err(kind) => return Poll::Ready(Some(Err(kind.into()))),
        };
        this.count(frame.len() as u64);
        this.position += frame.len() as u64;
        this.received += frame.len() as u64;
        Poll::Ready(Some(Ok(Frame::Data(frame))))
    }
}

#[async_trait]
impl BucketStore for FarStore {
    async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        self.far.arrive().await?;
        self.inner.create_bucket(cx, name, owner, tags).await
    }

    async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        self.far.arrive().await?;
        let bucket = self.inner.bucket(cx, name).await;
        let fault = self.far.bucket_faults.lock().pop_front();
        self.far.strike(fault).await?;
        bucket
    }

    async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        self.far.arrive().await?;
        self.inner.update_bucket(cx, bucket, update).await
    }

    async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.far.arrive().await?;
        self.inner.delete_bucket(cx, bucket).await
    }

    async fn list_buckets(&self, cx: &Context, options: ListBuckets) -> Result<BucketPage, StoreError> {
        self.far.arrive().await?;
        self.inner.list_buckets(cx, options).await
    }
}

#[async_trait]
impl ObjectStore for FarStore {
    fn capabilities(&self, bucket: &Bucket) -> Capabilities {
        self.inner.capabilities(bucket)
    }

    async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.far.puts.fetch_add(1, Ordering::SeqCst);
        self.far.arrive().await?;
        let put = self.inner.put(cx, bucket, key, body, options).await;
        self.far.leave().await;
        put
    }

    async fn open(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<Opened, StoreError> {
        self.far.opens.fetch_add(1, Ordering::SeqCst);
        self.far.arrive_and_ask().await?;
        let hint = options.range_hint;
        let opened = self.inner.open(cx, bucket, key, options).await;
        self.far.leave().await;
        let Opened { mut info, content } = opened?;
        if let Some(etag) = self.far.wrong_etag.lock().clone() {
            info.etag = etag;
        }
        let whole = ByteRange::whole(info.size_bytes);
        let at_hand = match (&info.part, hint) {
            (Some(part), _) => Some(part.range),
            (None, None) => Some(whole),
            (None, Some(hint)) => hint.resolve(info.size_bytes).ok(),
        };
        if self.far.hides_checksums.load(Ordering::SeqCst) && at_hand != Some(whole) {
            info.checksum = None;
        }
        let content = FarContent {
            inner: content,
            far: self.far.clone(),
            key: key.as_str().to_owned(),
            at_hand: Mutex::new(at_hand),
        };
        Ok(Opened { info, content: Box::new(content) })
    }

    async fn head(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.far.heads.fetch_add(1, Ordering::SeqCst);
        self.far.arrive_and_ask().await?;
        let head = self.inner.head(cx, bucket, key, options).await;
        self.far.leave().await;
        head
    }

    async fn parts(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: OpenOptions,
        page: ListParts,
    ) -> Result<ObjectParts, StoreError> {
        self.far.arrive().await?;
        self.inner.parts(cx, bucket, key, options, page).await
    }

    async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.far.arrive().await?;
        let deleted = self.inner.delete(cx, bucket, key, options).await;
        self.far.leave().await;
        deleted
    }

    async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        self.far.arrive().await?;
        let unanswered = self.far.unanswered.lock().clone();
        let is_lost: Vec<bool> =
            targets.iter().map(|target| unanswered.contains(target.key.as_str())).collect();
        let (mut targets, lost) = (targets, || StoreError::new(StoreErrorKind::Unavailable, "delete"));
        targets.retain(|target| !unanswered.contains(target.key.as_str()));
        let mut answered = self.inner.delete_many(cx, bucket, targets).await?.into_iter();
        let outcome = |is_lost| if is_lost { Err(lost()) } else { answered.next().unwrap() };
        Ok(is_lost.into_iter().map(outcome).collect())
    }

    async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.far.arrive().await?;
        self.inner.copy(cx, source, bucket, key, options).await
    }

    async fn set_tags(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        tags: TagSet,
    ) -> Result<Option<VersionId>, StoreError> {
        self.far.arrive().await?;
        self.inner.set_tags(cx, bucket, key, version_id, tags).await
    }

    async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        self.far.lists.fetch_add(1, Ordering::SeqCst);
        self.far.arrive_and_ask().await?;
        let page = self.inner.list(cx, bucket, options).await;
        self.far.leave().await;
        page
    }

    async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        self.far.lists.fetch_add(1, Ordering::SeqCst);
        self.far.arrive_and_ask().await?;
        self.inner.list_versions(cx, bucket, options).await
    }
}

#[async_trait]
impl MultipartStore for FarStore {
    async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        self.far.arrive().await?;
        self.inner.create_upload(cx, bucket, key, options).await
    }

    async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.far.arrive().await?;
        self.inner.put_part(cx, upload, number, body, options).await
    }

    async fn copy_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.far.arrive().await?;
        self.inner.copy_part(cx, source, upload, number, options).await
    }

    async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.far.arrive().await?;
        self.inner.complete_upload(cx, upload, parts, options).await
    }

    async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        self.far.arrive().await?;
        self.inner.abort_upload(cx, upload).await
    }

    async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        self.far.arrive().await?;
        self.inner.list_uploads(cx, bucket, options).await
    }

    async fn list_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        page: ListParts,
    ) -> Result<PartsPage, StoreError> {
        self.far.arrive().await?;
        self.inner.list_parts(cx, upload, page).await
    }
}
