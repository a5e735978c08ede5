//! Unfinished uploads: begun, ended, and what is kept of how they were begun.

mod record;

use std::collections::HashMap;

use http::{HeaderMap, Method};
use parking_lot::Mutex;
use remote::{RemoteError, RemoteErrorKind};
use store::{
    Bucket, CreateUploadOptions, Missing, StoreError, StoreErrorKind, UploadChecksum, UploadId, UploadRef,
};
use types::{BucketName, ChecksumAlgorithm, ChecksumKind, Context, ObjectKey};

use crate::store::{Inner, SWEEP_MAX, UPLOAD_STALE};
use crate::wire::{Call, Seen};
use crate::{checksum, headers, xml};
use record::UploadRecord;

/// The most bytes of an upload's id of which a record is kept: a ledger's names are bounded.
const MAX_ID_BYTES: usize = 1024;
/// How many uploads are remembered without asking.
const MAX_KNOWN: usize = 4096;

/// How an upload was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Begun {
    /// The checksum that the client named.
    pub(super) named: Option<UploadChecksum>,
    /// The checksum that the service verifies and keeps for each part.
    pub(super) given: Option<UploadChecksum>,
}

/// Uploads that were begun or asked about lately.
#[derive(Default)]
pub(super) struct KnownUploads(Mutex<HashMap<String, Begun>>);

impl KnownUploads {
    fn get(&self, name: &str) -> Option<Begun> {
        self.0.lock().get(name).copied()
    }

    fn put(&self, name: String, begun: Begun) {
        let mut known = self.0.lock();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(name, begun);
    }

    fn remove(&self, name: &str) {
        self.0.lock().remove(name);
    }
}

fn record_name(bucket: &BucketName, id: &UploadId) -> String {
    format!("upload/{bucket}/{id}")
}

impl Inner {
    pub(super) async fn create_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CreateUploadOptions,
    ) -> Result<UploadId, StoreError> {
        const OPERATION: &str = "begin an upload";
        let CreateUploadOptions { metadata, checksum: named } = options;
        let given = self.given_of_upload(cx, bucket, named).await?;
        let mut call = Call::object(Method::POST, bucket.name.as_str(), key.as_str()).of("uploads").once();
        headers::write_metadata(&metadata, &mut call.headers)?;
        headers::write_tags(&metadata.tags, &mut call.headers);
        let told = call.headers.clone();
        if let Some(given) = given {
            call = call
                .header("x-amz-checksum-algorithm", given.algorithm.name())
                .header("x-amz-checksum-type", given.kind.name());
        }
        let document = self.wire.document(cx, call).await;
        let document = document.map_err(|failure| failure.into_store(Seen::default(), OPERATION))?;
        let id = document.root.need("UploadId").map_err(|error| error.into_store(OPERATION))?;
        let id = UploadId::from_text(id.trim());
        let record = UploadRecord {
            begun: Begun { named, given },
            initiated_at: self.date_of(&document.headers),
            key: key.clone(),
            headers: told,
        };
        let name = record_name(&bucket.name, &id);
        if id.as_str().len() <= MAX_ID_BYTES {
            self.ledger.put_value(name.as_bytes(), &record.encode()).await?;
        }
        self.uploads.put(name, record.begun);
        Ok(id)
    }

    /// What the service is told to verify of each part: what the client named where the service knows it; else what it
    /// computes by itself for uploads that name none.
    async fn given_of_upload(
        &self,
        cx: &Context,
        bucket: &Bucket,
        named: Option<UploadChecksum>,
    ) -> Result<Option<UploadChecksum>, StoreError> {
        let wanted = named.map_or(ChecksumAlgorithm::Crc64Nvme, |named| named.algorithm);
        let Some(algorithm) = self.given(cx, bucket, wanted).await? else { return Ok(None) };
        Ok(Some(match named {
            Some(named) if named.algorithm == algorithm => named,
            _ if algorithm.is_combinable() => UploadChecksum { algorithm, kind: ChecksumKind::FullObject },
            _ => UploadChecksum { algorithm, kind: ChecksumKind::Composite },
        }))
    }

    /// How an upload was begun; where no record of it is left, as the service tells.
    pub(super) async fn begun(&self, cx: &Context, upload: UploadRef<'_>) -> Result<Begun, StoreError> {
        let name = record_name(&upload.bucket.name, upload.id);
        if let Some(begun) = self.uploads.get(&name) {
            return Ok(begun);
        }
        let begun = match self.upload_record(upload).await? {
            Some(record) => record.begun,
            None => {
                let root = self.parts_document(cx, upload, 0, 1).await?;
                let told = checksum::named(&root).map(|(algorithm, kind)| UploadChecksum { algorithm, kind });
                Begun { named: told, given: told }
            }
        };
        self.uploads.put(name, begun);
        Ok(begun)
    }

    /// What was kept of an upload when it was begun.
    pub(super) async fn upload_record(
        &self,
        upload: UploadRef<'_>,
    ) -> Result<Option<UploadRecord>, StoreError> {
        if upload.id.as_str().len() > MAX_ID_BYTES {
            return Ok(None);
        }
        let kept = self.ledger.value(record_name(&upload.bucket.name, upload.id).as_bytes()).await?;
        Ok(kept.as_deref().and_then(UploadRecord::decode).filter(|record| record.key == *upload.key))
    }

    /// Forgets an upload that has ended. That of another key is kept: under this one it never was.
    pub(super) async fn forget_upload(&self, upload: UploadRef<'_>) {
        let name = record_name(&upload.bucket.name, upload.id);
        self.uploads.remove(&name);
        let forgotten = match self.upload_record(upload).await {
            Ok(Some(_)) => self.ledger.remove_value(name.as_bytes()).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = forgotten {
            tracing::warn!(%error, "the record of an upload that has ended is left to the next sweep");
        }
    }

    /// Forgets all uploads of a bucket that was removed.
    pub(super) async fn forget_uploads(&self, bucket: &BucketName) -> Result<(), StoreError> {
        let prefix = format!("upload/{bucket}/");
        loop {
            let values = self.ledger.values(prefix.as_bytes(), None, SWEEP_MAX).await?;
            for (name, _) in &values {
                self.uploads.remove(&String::from_utf8_lossy(name));
                self.ledger.remove_value(name).await?;
            }
            if values.len() < SWEEP_MAX {
                return Ok(());
            }
        }
    }

    pub(super) async fn abort_upload(&self, cx: &Context, upload: UploadRef<'_>) -> Result<(), StoreError> {
        // Not every service says of an upload that has ended, or is another key's, that there is none to abort.
        if self.upload_record(upload).await?.is_none()
            && let Err(error) = self.parts_document(cx, upload, 0, 1).await
            && matches!(error.kind, StoreErrorKind::Missing(Missing::Upload))
        {
            return Err(error);
        }
        let call = Call::object(Method::DELETE, upload.bucket.name.as_str(), upload.key.as_str())
            .with("uploadId", upload.id.as_str())
            .once();
        let answer = self.wire.plain(cx, call).await;
        let result = answer
            .map(drop)
            .map_err(|failure| of_upload(failure.into_store(Seen::default(), "abort an upload")));
        if matches!(&result, Ok(()) | Err(StoreError { kind: StoreErrorKind::Missing(_), .. })) {
            self.forget_upload(upload).await;
        }
        result
    }

    /// Forgets records of old uploads that the service does not know any more.
    pub(super) async fn sweep(&self, cx: &Context) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let values = self.ledger.values(b"upload/", after.as_deref(), SWEEP_MAX).await?;
            let Some((last, _)) = values.last() else { return Ok(()) };
            after = Some(last.clone());
            for (name, value) in &values {
                if !self.is_alive(cx, &String::from_utf8_lossy(name), value).await? {
                    self.ledger.remove_value(name).await?;
                }
            }
        }
    }

    async fn is_alive(&self, cx: &Context, name: &str, value: &[u8]) -> Result<bool, StoreError> {
        let Some(record) = UploadRecord::decode(value) else { return Ok(false) };
        if self.clock.now().since(record.initiated_at) < UPLOAD_STALE {
            return Ok(true);
        }
        let Some((bucket, id)) = name.strip_prefix("upload/").and_then(|rest| rest.split_once('/')) else {
            return Ok(false);
        };
        let call = Call::object(Method::GET, bucket, record.key.as_str())
            .with("uploadId", id)
            .with("max-parts", "1");
        match self.wire.document(cx, call).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.status() == Some(404) => Ok(false),
            Err(failure) => Err(failure.into_store(Seen::default(), "look for an upload")),
        }
    }

    /// One page of an upload's parts as the service tells it: behind `after`, and not empty where there are more.
    pub(super) async fn parts_document(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        after: u32,
        limit: usize,
    ) -> Result<xml::Element, StoreError> {
        let call = Call::object(Method::GET, upload.bucket.name.as_str(), upload.key.as_str())
            .with("uploadId", upload.id.as_str())
            .with("max-parts", &limit.to_string())
            .with("part-number-marker", &after.to_string());
        let document = self.wire.document(cx, call).await;
        let document =
            document.map_err(|failure| of_upload(failure.into_store(Seen::default(), "list parts")))?;
        hold_forward(&document.root, after).map_err(|error| error.into_store("list parts"))?;
        Ok(document.root)
    }
}

/// Holds a page of parts to what it was asked for: a service that ignores where to go on would be asked for ever.
fn hold_forward(root: &xml::Element, mut after: u32) -> Result<(), RemoteError> {
    const STANDS_STILL: RemoteErrorKind =
        RemoteErrorKind::Malformed("a listing of parts that does not go on where it is told to");
    let begun = after;
    for part in root.all("Part") {
        let number = u32::try_from(part.number("PartNumber")?).unwrap_or(u32::MAX);
        if number <= after {
            return Err(STANDS_STILL.into());
        }
        after = number;
    }
    match root.flag("IsTruncated") && after == begun {
        true => Err(STANDS_STILL.into()),
        false => Ok(()),
    }
}

/// A failure of a request for an upload, where 404 without a word means the upload.
pub(super) fn of_upload(mut error: StoreError) -> StoreError {
    if let StoreErrorKind::Missing(what @ (Missing::Key | Missing::Version)) = &mut error.kind {
        *what = Missing::Upload;
    }
    error
}

/// The headers that say what a client said of the object.
pub(super) fn metadata_of(headers_kept: &HeaderMap) -> types::ObjectMetadata {
    let mut metadata = headers::read_metadata(headers_kept);
    metadata.tags = headers::read_tags(headers_kept);
    metadata
}
