use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use remote::{Pages, Payload, RemoteError, RemoteErrorKind};
use store::{StoreError, UploadId};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinSet;
use types::{Body, Checksum, Context, ExpectedDigests, Frame, ObjectKey, Timestamp};

use crate::api::{CommitBlocks, Entry, Failure, Guard, ListRequest, PutBlob};
use crate::encode::Described;
use crate::object::{ChecksumOnly, block_id, digests_of};
use crate::store::Azure;

/// The largest blob in one request. Source: "Put Blob", version 2019-12-12 and later.
pub(crate) const PUT_BLOB_MAX_BYTES: u64 = 5000 * 1024 * 1024;
/// What is buffered of a body whose length nobody told, before it is sent as a block.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// How long staged blobs are kept that nobody came back for.
const STAGED_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// How often the staging container is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// Removals under way at once.
const REMOVALS_AT_ONCE: usize = 8;
/// Blobs of the staging container looked at in one step.
const STEP_MAX: usize = 5_000;
/// Steps of one sweep; what is left waits for the next.
const STEPS_MAX: usize = 10_000;

/// Work that goes on after its caller was answered.
#[derive(Default)]
pub(crate) struct Chores {
    tasks: Mutex<JoinSet<()>>,
    ready: AsyncMutex<bool>,
}

impl Chores {
    fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Waits until all of it is done.
    pub(crate) async fn finish(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        while tasks.join_next().await.is_some() {}
    }
}

/// Bytes in the staging container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staged {
    pub(crate) blob: String,
    pub(crate) azure_etag: String,
    pub(crate) size_bytes: u64,
    pub(crate) md5: [u8; 16],
    pub(crate) checksum: Checksum,
}

impl Azure {
    /// A name in the staging container that nobody else has.
    pub(crate) fn staged_name(&self, family: &str, number: u32) -> String {
        format!("{family}/{number:05}-{:016x}", self.random.next_u64())
    }

    /// Makes the staging container, once.
    pub(crate) async fn prepare_staging(&self, cx: &Context) -> Result<(), Failure> {
        let mut ready = self.chores.ready.lock().await;
        if *ready {
            return Ok(());
        }
        match self.api.create_container(cx, self.staging.as_str()).await {
            Ok(()) => {}
            Err(failure) if failure.code() == "ContainerAlreadyExists" => {}
            // Whoever may not make containers may find it made for him.
            Err(failure) => {
                self.api.head_container(cx, self.staging.as_str()).await.map_err(|_| failure)?;
            }
        }
        *ready = true;
        Ok(())
    }

    /// Puts a body into the staging container and verifies it.
    pub(crate) async fn stage(
        &self,
        cx: &Context,
        blob: String,
        body: Body,
        expected: ExpectedDigests,
        operation: &'static str,
    ) -> Result<Staged, StoreError> {
        self.prepare_staging(cx).await.map_err(|failure| failure.into_store(operation))?;
        let staged = match body.length_bytes() {
            Some(length) if length <= PUT_BLOB_MAX_BYTES => {
                self.stage_at_once(cx, blob, (body, length), expected).await
            }
            _ => self.stage_in_blocks(cx, blob, body, expected).await,
        };
        staged.map_err(|failure| self.staging_failed(failure, operation))
    }

    fn staging_failed(&self, failure: Failure, operation: &'static str) -> StoreError {
        if failure.is_container_missing() {
            // Somebody removed it; the next one makes it again.
            if let Ok(mut ready) = self.chores.ready.try_lock() {
                *ready = false;
            }
            let lost = RemoteError::from(RemoteErrorKind::Malformed("the staging container is gone"));
            return StoreError::with_source(store::StoreErrorKind::Unavailable, operation, lost);
        }
        failure.into_store(operation)
    }

    async fn stage_at_once(
        &self,
        cx: &Context,
        blob: String,
        (body, length_bytes): (Body, u64),
        expected: ExpectedDigests,
    ) -> Result<Staged, Failure> {
        let (body, receipt) = ChecksumOnly::wrap(body, expected.checksum);
        let put = PutBlob {
            container: self.staging.as_str(),
            blob: &blob,
            described: &Described::default(),
            tags: None,
            guard: &Guard::None,
            content_md5: expected.content_md5,
            body: Payload::Stream { body, length_bytes },
        };
        let written = self.api.put_blob(cx, put).await?;
        if written.contradicts(receipt.checksum()) {
            self.discard_staged(blob);
            return Err(RemoteError::from(RemoteErrorKind::Reset).into());
        }
        const UNTOLD: RemoteErrorKind = RemoteErrorKind::Malformed("a blob put without a Content-MD5");
        Ok(Staged {
            md5: written.md5.or(expected.content_md5).ok_or(RemoteError::from(UNTOLD))?,
            checksum: receipt.checksum().ok_or(RemoteError::from(UNTOLD))?,
            azure_etag: written.azure_etag,
            size_bytes: length_bytes,
            blob,
        })
    }

    /// Bodies of unknown length, and those that are too large for one request.
    async fn stage_in_blocks(
        &self,
        cx: &Context,
        blob: String,
        body: Body,
        expected: ExpectedDigests,
    ) -> Result<Staged, Failure> {
        let (mut body, receipt) = hash::Ingest::wrap(body, expected);
        let place = (self.staging.as_str(), blob.as_str());
        let nonce = self.random.next_u64();
        let mut ids = Vec::new();
        while let Some(chunk) = next_chunk(&mut body).await? {
            let id = block_id(nonce, ids.len());
            self.api.put_block(cx, place, &id, chunk).await?;
            ids.push(id);
        }
        let digests = digests_of(&receipt)?;
        let commit = CommitBlocks {
            container: place.0,
            blob: place.1,
            ids: &ids,
            described: &Described::default(),
            tags: None,
            guard: &Guard::None,
            md5: Some(digests.md5),
        };
        let written = self.api.commit_blocks(cx, &commit).await?;
        Ok(Staged {
            azure_etag: written.azure_etag,
            size_bytes: digests.size_bytes,
            md5: digests.md5,
            checksum: digests.checksum,
            blob,
        })
    }

    /// Removes everything that was staged for an upload, or under another family, without keeping the caller.
    pub(crate) fn clear_staged(&self, upload: &UploadId) {
        self.clear_family(upload.as_str());
    }

    pub(crate) fn clear_family(&self, family: &str) {
        let (api, container, prefix) = (self.api.clone(), self.staging.clone(), format!("{family}/"));
        self.chores.start(async move {
            let cx = Context::background();
            let sweep = Sweep { api: &api, container: container.as_str(), prefix: &prefix, before: None };
            if let Err(failure) = sweep.run(&cx).await {
                let error = failure.into_store("clear staged parts");
                tracing::warn!(%error, prefix, "staged parts are left for the sweep");
            }
        });
    }

    /// Removes one staged blob, without keeping the caller.
    pub(crate) fn discard_staged(&self, blob: String) {
        let (api, container) = (self.api.clone(), self.staging.clone());
        self.chores.start(async move {
            let cx = Context::background();
            if let Err(failure) = api.delete(&cx, container.as_str(), &blob, &Guard::None).await
                && !failure.is_missing()
            {
                let error = failure.into_store("discard a staged blob");
                tracing::warn!(%error, blob, "a staged blob is left for the sweep");
            }
        });
    }

    pub(crate) async fn sweep(&self) -> Result<usize, StoreError> {
        const OPERATION: &str = "sweep the staging container";
        let now = self.clock.now();
        self.ledger.tidy(now).await?;
        let oldest = Timestamp::from_nanos(
            now.as_nanos().saturating_sub(u64::try_from(STAGED_KEPT.as_nanos()).unwrap_or(u64::MAX)),
        );
        for upload in self.ledger.uploads_older_than(oldest, STEP_MAX).await? {
            self.ledger.remove_upload(&upload).await?;
            self.clear_staged(&upload.id);
        }
        let sweep =
            Sweep { api: &self.api, container: self.staging.as_str(), prefix: "", before: Some(oldest) };
        match sweep.run(&Context::background()).await {
            Err(failure) if failure.is_container_missing() => Ok(0),
            swept => swept.map_err(|failure| failure.into_store(OPERATION)),
        }
    }

    pub(crate) async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let sweeping = async {
            loop {
                match self.sweep().await {
                    Ok(0) => {}
                    Ok(removed) => {
                        tracing::info!(removed, "staged parts that nobody came back for were removed")
                    }
                    Err(error) => tracing::warn!(%error, "the staging container was not swept"),
                }
                tokio::time::sleep(SWEEP_EVERY).await;
            }
        };
        tokio::select! {
            () = sweeping => {}
            () = stop => {}
        }
        self.chores.finish().await;
    }
}

/// The removal of staged blobs.
struct Sweep<'a> {
    api: &'a crate::api::Api,
    container: &'a str,
    prefix: &'a str,
    /// Only what was last written before this moment.
    before: Option<Timestamp>,
}

impl Sweep<'_> {
    async fn run(&self, cx: &Context) -> Result<usize, Failure> {
        let (mut pages, mut removed) = (Pages::<String>::new(None), 0);
        for _ in 0..STEPS_MAX {
            let list = ListRequest {
                container: self.container,
                prefix: self.prefix,
                delimiter: None,
                marker: pages.token().map(String::as_str),
                max: STEP_MAX,
            };
            let page = self.api.list(cx, list).await?;
            let count = page.entries.len();
            let due = page.entries.into_iter().filter_map(|entry| match entry {
                Entry::Blob(key, seen) if self.before.is_none_or(|before| seen.modified_at < before) => {
                    Some(key)
                }
                _ => None,
            });
            let removals: Vec<_> = due.map(|key| self.remove(cx, key)).collect();
            let mut removals = stream::iter(removals).buffer_unordered(REMOVALS_AT_ONCE);
            while let Some(outcome) = removals.next().await {
                outcome?;
                removed += 1;
            }
            if !pages.turn(page.next, count)? {
                break;
            }
        }
        Ok(removed)
    }

    async fn remove(&self, cx: &Context, blob: ObjectKey) -> Result<(), Failure> {
        match self.api.delete(cx, self.container, blob.as_str(), &Guard::None).await {
            Err(failure) if failure.is_missing() => Ok(()),
            outcome => outcome,
        }
    }
}

/// The next bytes of a body, all of a block or what is left; `None` at its end.
async fn next_chunk(body: &mut Body) -> Result<Option<Bytes>, Failure> {
    let mut chunk = BytesMut::new();
    while chunk.len() < CHUNK_BYTES {
        match body.next_frame().await {
            Some(Ok(Frame::Data(data))) => chunk.extend_from_slice(&data),
            Some(Ok(Frame::Trailer(_))) => {}
            Some(Err(error)) => return Err(RemoteError::from(RemoteErrorKind::Body(error)).into()),
            None => break,
        }
    }
    Ok((!chunk.is_empty()).then(|| chunk.freeze()))
}
