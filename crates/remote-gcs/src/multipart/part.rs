use bytes::Bytes;
use remote::{PartRecord, UploadRecord};
use serde_json::json;
use store::{
    Content, CopyPartOptions, CopySource, Missing, PartOptions, PartOutcome, PartProblem, StoreError,
    StoreErrorKind, UploadRef,
};
use types::{Body, ByteRange, Context, ETag, ExpectedChecksum, ExpectedDigests};

use super::staging::{Mode, prefix_of, whole_of};
use crate::api::failed;
use crate::body::{Seen, verified};
use crate::guard::Guard;
use crate::put::is_digest_refusal;
use crate::store::GcsStore;
use crate::upload::{Upload, expect, gather};

const PART: &str = "put a part";

/// A part that the service has.
struct Stored {
    md5: [u8; 16],
    /// What its record keeps: how the completion names it.
    provider: Vec<u8>,
}

/// A part on its way.
struct Sending<'a> {
    upload: &'a UploadRecord,
    number: u32,
    body: Body,
    seen: &'a Seen,
    content_md5: Option<[u8; 16]>,
}

impl GcsStore {
    pub(super) async fn put_one_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let record = self.ledger.upload(upload).await?;
        let expected = options.expected;
        hold_algorithm(&record, &expected)?;
        let (body, seen) = verified(body, Some(expected), Some(assembly::algorithm_of(record.checksum)));
        let content_md5 = expected.content_md5;
        let sending = Sending { upload: &record, number, body, seen: &seen, content_md5 };
        let mode = Mode::read(&record.provider)?;
        let stored = match &mode {
            Mode::Xml(id) => self.send_xml(cx, sending, id).await?,
            Mode::Compose => self.send_waiting(cx, sending).await?,
        };
        let Some(digests) = seen.digests() else {
            return Err(StoreError::new(StoreErrorKind::Internal, PART));
        };
        let part = PartRecord {
            number,
            size_bytes: digests.size_bytes,
            etag: ETag::from_md5(stored.md5),
            checksum: digests.kept,
            modified_at: self.clock.now(),
            provider: stored.provider,
        };
        let replaced = self.ledger.put_part(&record, &part).await;
        if mode == Mode::Compose {
            self.drop_waiting(cx, &record, &part, &replaced).await;
        }
        replaced?;
        Ok(PartOutcome { etag: part.etag, checksum: part.checksum, modified_at: part.modified_at })
    }

    async fn send_xml(&self, cx: &Context, sending: Sending<'_>, id: &str) -> Result<Stored, StoreError> {
        let Sending { upload, number, body, seen, content_md5 } = sending;
        let name = whole_of(&upload.id);
        let place = (upload.bucket.as_str(), name.as_str(), id);
        let part = self.put_xml_part(cx, place, number, (body, content_md5)).await?;
        let sent = seen.digests().map(|digests| digests.crc32c);
        if part.crc32c.is_some_and(|crc32c| Some(crc32c) != sent) {
            // Not recorded, so never part of an object.
            return Err(StoreError::new(StoreErrorKind::Unavailable, PART));
        }
        Ok(Stored { md5: part.md5, provider: part.etag.into_bytes() })
    }

    /// Stores a part as an object of its own, under a name that no other attempt has.
    async fn send_waiting(&self, cx: &Context, sending: Sending<'_>) -> Result<Stored, StoreError> {
        let Sending { upload, number, body, seen, content_md5 } = sending;
        let suffix = format!("{number:05}-{:016x}", self.random.next_u64());
        let name = format!("{}{suffix}", prefix_of(&upload.id));
        let limits = self.limits;
        let source = gather(body, limits.small_max_bytes, limits.chunk_bytes).await;
        let source = source.map_err(|error| failed(remote::RemoteErrorKind::Body(error).into(), PART))?;
        let mut resource = json!({ "name": name, "contentType": crate::found::NO_TYPE });
        expect(&mut resource, content_md5, None);
        let bucket = upload.bucket.as_str();
        let target = Upload { bucket, resource, guard: Guard::default() };
        let found = match self.upload(cx, target, source).await.map_err(|error| failed(error, PART))? {
            Ok(found) => found,
            Err(refusal) if refusal.is_missing() => return Err(StoreError::missing(Missing::Bucket, PART)),
            Err(refusal) if is_digest_refusal(&refusal) => {
                return Err(StoreError::with_source(StoreErrorKind::DigestMismatch(None), PART, refusal));
            }
            Err(refusal) => return Err(refusal.into_store(PART)),
        };
        self.hold(cx, (bucket, &name), &found, seen).await?;
        let missing = || failed(remote::RemoteErrorKind::Malformed("a part without MD5").into(), PART);
        Ok(Stored { md5: found.md5.ok_or_else(missing)?, provider: suffix.into_bytes() })
    }

    /// Drops the waiting object that is no part any more: the one replaced, or the new one where the upload has ended.
    async fn drop_waiting(
        &self,
        cx: &Context,
        upload: &UploadRecord,
        part: &PartRecord,
        replaced: &Result<Option<PartRecord>, StoreError>,
    ) {
        let loser = match replaced {
            Ok(Some(replaced)) => replaced,
            Ok(None) => return,
            Err(_) => part,
        };
        let name = waiting_name(upload, loser);
        if let Ok(Some(found)) = self.look(cx, upload.bucket.as_str(), &name, None).await {
            self.remove_generation(cx, upload.bucket.as_str(), &name, found.generation).await;
        }
    }

    pub(super) async fn copy_one_part(
        &self,
        cx: &Context,
        source: &CopySource,
        upload: UploadRef<'_>,
        number: u32,
        options: CopyPartOptions,
    ) -> Result<PartOutcome, StoreError> {
        self.ledger.upload(upload).await?;
        let known = self.source(cx, source).await?;
        let range = options.range.unwrap_or(ByteRange::whole(known.found.size_bytes));
        let content = self.pinned(cx, source.bucket.name.as_str(), source.key.as_str(), &known.found);
        let _passage = self.api.client().passage().await;
        let body = content.read(range).await?;
        let body = Sized::of(body, range.len());
        self.put_one_part(cx, upload, number, body, PartOptions::default()).await
    }
}

/// The name under which a part waits to be composed.
pub(super) fn waiting_name(upload: &UploadRecord, part: &PartRecord) -> String {
    format!("{}{}", prefix_of(&upload.id), String::from_utf8_lossy(&part.provider))
}

/// Refuses a checksum of another algorithm than the upload named.
fn hold_algorithm(upload: &UploadRecord, expected: &ExpectedDigests) -> Result<(), StoreError> {
    let wanted = assembly::algorithm_of(upload.checksum);
    let is_other = !matches!(expected.checksum, ExpectedChecksum::Default)
        && expected.checksum.algorithm() != wanted
        && upload.checksum.is_some();
    if is_other {
        return Err(StoreError::new(StoreErrorKind::Part(PartProblem::ChecksumAlgorithm(wanted)), PART));
    }
    Ok(())
}

/// A body whose length is known from elsewhere.
struct Sized(Body);

impl Sized {
    fn of(body: Body, length_bytes: u64) -> Body {
        match body.length_bytes() {
            Some(_) => body,
            None if length_bytes == 0 => Body::from_bytes(Bytes::new()),
            None => Body::new(Self(body), Some(length_bytes)),
        }
    }
}

impl types::BodyStream for Sized {
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<types::Frame, types::BodyError>>> {
        self.0.poll_frame(cx)
    }
}
