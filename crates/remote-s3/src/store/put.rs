use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method};
use remote::Payload;
use store::{Bucket, Identity, ObjectInfo, PutOptions, PutOutcome, StoreError, StoreErrorKind, Versioning};
use types::{
    Body, Budget, Checksum, ChecksumAlgorithm, Context, ETag, ExpectedChecksum, ExpectedDigests, ObjectKey,
    Timestamp, VersionId,
};

use crate::outgoing::{Framing, Manner, Md5Wanted, Outgoing, Receipt, Sent, Verify};
use crate::probe::Condition;
use crate::store::Inner;
use crate::store::conditions::Told;
use crate::store::spill::Gathered;
use crate::wire::{Call, Failure, Seen, Signed};
use crate::{checksum, date, headers};

/// Bodies up to this size are taken whole before they are sent: then they can be verified here and sent again, and need no
/// framing. One smallest frame.
const WHOLE_MAX_BYTES: u64 = types::FRAME_MIN_BYTES as u64;

const OPERATION: &str = "put an object";
const WRONG_ETAG: &str = "the service stored other bytes than those sent";

/// A body made ready for a request.
pub(super) struct Load<'a> {
    pub(super) call: Call<'a>,
    pub(super) receipt: Receipt,
}

impl Inner {
    pub(super) async fn put(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        let expected = expected(&options.identity);
        let told = self.tell(cx, bucket, key, (&options.condition, None), Condition::Put).await?;
        let body = match self.gather(body).await? {
            Gathered::Whole(body) => body,
            Gathered::More(body) => return self.spill(cx, bucket, key, body, options).await,
        };
        let size_bytes = body.length_bytes().unwrap_or_default();
        let mut call = Call::object(Method::PUT, bucket.name.as_str(), key.as_str());
        headers::write_metadata(&options.metadata, &mut call.headers)?;
        headers::write_tags(&options.metadata.tags, &mut call.headers);
        told.write(&mut call.headers)?;
        if told.is_some() {
            call = call.once();
        }
        let give = self.given(cx, bucket, expected.checksum.algorithm()).await?;
        let begun = self.now();
        let load = self.load(call, body, expected, give).await?;
        let receipt = load.receipt;
        let answer = match self.wire.plain(cx, load.call).await {
            Ok(answer) => answer,
            Err(failure) => {
                let failed = Failed { expected, bucket, key, told: &told, size_bytes, begun };
                return self.after_failed_put(cx, failed, receipt.sent(), failure).await;
            }
        };
        self.put_outcome(cx, bucket, key, &answer, (receipt.sent().unwrap_or_default(), size_bytes)).await
    }

    async fn put_outcome(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        answer: &HeaderMap,
        (sent, size_bytes): (Sent, u64),
    ) -> Result<PutOutcome, StoreError> {
        let version_id = version_of(bucket, answer);
        let malformed = || remote::RemoteErrorKind::Malformed("it has no ETag");
        let etag = headers::etag(answer)
            .ok_or_else(|| remote::RemoteError::from(malformed()).into_store(OPERATION))?;
        if sent.md5.is_some_and(|md5| etag.md5().is_some_and(|theirs| theirs != md5)) {
            self.remove_wrong(cx, bucket, key, &etag, version_id.as_ref()).await;
            return Err(StoreError::with_source(StoreErrorKind::Unavailable, OPERATION, WRONG_ETAG));
        }
        Ok(PutOutcome {
            etag,
            version_id,
            checksum: checksum::of_headers(answer).or(sent.checksum),
            size_bytes,
            modified_at: self.date_of(answer),
        })
    }

    /// Removes an object that turned out wrong, and nothing else: its version, or on the condition that it still is what is
    /// there. Where neither can be said, it is left: another writer's object must not go with it.
    async fn remove_wrong(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        etag: &ETag,
        version: Option<&VersionId>,
    ) {
        let mut call = Call::object(Method::DELETE, bucket.name.as_str(), key.as_str());
        match version.filter(|version| **version != VersionId::Null) {
            Some(version) => call = call.with("versionId", version.as_str()),
            None => {
                let is_honoured = self.proven(cx, &bucket.name).await.is_ok_and(|proven| proven.delete);
                match call.text_header("if-match", &format!("\"{etag}\"")) {
                    Ok(conditional) if is_honoured => call = conditional.once(),
                    _ => {
                        tracing::warn!(bucket = %bucket.name, "an object that was stored wrong is left as it is");
                        return;
                    }
                }
            }
        }
        if let Err(failure) = self.wire.plain(cx, call).await {
            tracing::warn!(bucket = %bucket.name, ?failure, "an object that was stored wrong was not removed");
        }
    }

    /// The moment at which the service answered.
    pub(super) fn date_of(&self, answer: &HeaderMap) -> Timestamp {
        headers::text(answer, "date").and_then(date::of_header).unwrap_or_else(|| self.now())
    }

    /// Puts a body and what is known of it into a request.
    pub(super) async fn load<'a>(
        &self,
        mut call: Call<'a>,
        body: Body,
        expected: ExpectedDigests,
        give: Option<ChecksumAlgorithm>,
    ) -> Result<Load<'a>, StoreError> {
        let md5 = if give.is_none() { Md5Wanted::Yes } else { Md5Wanted::No };
        let plain = Manner { expected, give, framing: Framing::Plain, verify: Verify::Here, md5 };
        let length_bytes = body.length_bytes().unwrap_or_default();
        if length_bytes <= WHOLE_MAX_BYTES {
            let (body, receipt) = Outgoing::wrap(body, plain);
            let bytes = collected(body, length_bytes).await?;
            let sent = receipt.sent().unwrap_or_default();
            write_digests(sent.checksum, sent.md5, &mut call);
            return Ok(Load { call: call.bytes(bytes), receipt });
        }
        let known = known_value(&expected).filter(|value| Some(value.algorithm) == give);
        let framing = match give {
            Some(_) if known.is_some() => Framing::Plain,
            Some(algorithm) => Framing::Trailer(algorithm),
            None => Framing::Plain,
        };
        // What is given to the service is verified by it.
        let verify = if give.is_some() { Verify::There } else { Verify::Here };
        let (body, receipt) = Outgoing::wrap(body, Manner { framing, verify, ..plain });
        write_digests(known, expected.content_md5, &mut call);
        call.signed = Signed::As(sigv4::UNSIGNED_PAYLOAD);
        if let Framing::Trailer(algorithm) = framing {
            headers::mark_chunked(&mut call.headers);
            call = call
                .header("x-amz-trailer", checksum::header(algorithm))
                .header("x-amz-decoded-content-length", length_bytes.to_string());
            call.signed = Signed::As(sigv4::STREAMING_UNSIGNED_TRAILER);
        }
        let length_bytes = body.length_bytes().unwrap_or_default();
        call.payload = Payload::Stream { body, length_bytes };
        Ok(Load { call, receipt })
    }

    /// A write that failed. Where it was conditional and may have taken effect, what is there decides: a client that asks
    /// again must not be told that the condition fails because of its own write.
    async fn after_failed_put(
        &self,
        cx: &Context,
        failed: Failed<'_>,
        sent: Option<Sent>,
        failure: Failure,
    ) -> Result<PutOutcome, StoreError> {
        let Failed { expected, bucket, key, told, size_bytes, begun } = failed;
        if let (true, true, Some(sent)) = (told.is_some(), failure.is_ambiguous(), sent)
            && let Ok((info, answer)) = self.head_now(cx, bucket.name.as_str(), key, None).await
            && is_what_was_sent(&info, &sent, size_bytes)
            && info.modified_at >= begun_by(begun)
        {
            return Ok(PutOutcome {
                version_id: version_of(bucket, &answer),
                etag: info.etag,
                checksum: info.checksum.or(sent.checksum),
                size_bytes,
                modified_at: info.modified_at,
            });
        }
        Err(told.explain(refused(failure, &expected, OPERATION)))
    }
}

/// A refused body. Where the client stated nothing that could be wrong, the bytes were changed on their way.
pub(super) fn refused(failure: Failure, expected: &ExpectedDigests, operation: &'static str) -> StoreError {
    let stated = match expected.checksum {
        ExpectedChecksum::Value(checksum) => Some(checksum.algorithm),
        ExpectedChecksum::Trailer(algorithm) => Some(algorithm),
        ExpectedChecksum::Default | ExpectedChecksum::Compute(_) => None,
    };
    let error = failure.into_store(Seen { checksum: stated, ..Seen::default() }, operation);
    let is_stated = stated.is_some() || expected.content_md5.is_some();
    match error.kind {
        StoreErrorKind::DigestMismatch(_) if !is_stated => {
            StoreError::with_source(StoreErrorKind::Unavailable, operation, error)
        }
        _ => error,
    }
}

/// A put that failed.
struct Failed<'a> {
    expected: ExpectedDigests,
    bucket: &'a Bucket,
    key: &'a ObjectKey,
    told: &'a Told,
    size_bytes: u64,
    begun: Timestamp,
}

/// The earliest time that an object written since `begun` shows: clocks differ by minutes at most, or requests would be
/// refused.
pub(super) fn begun_by(begun: Timestamp) -> Timestamp {
    Timestamp::from_secs(begun.as_secs().saturating_sub(15 * 60))
}

fn is_what_was_sent(info: &ObjectInfo, sent: &Sent, size_bytes: u64) -> bool {
    let same_sum = match (sent.checksum, info.checksum) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => sent.md5.is_some_and(|md5| info.etag == ETag::from_md5(md5)),
    };
    same_sum && info.size_bytes == size_bytes
}

/// What an identity demands of the bytes.
fn expected(identity: &Identity) -> ExpectedDigests {
    match identity {
        Identity::Compute(expected) => *expected,
        // The service computes an identity of its own.
        Identity::Supplied(_) => ExpectedDigests::default(),
    }
}

fn known_value(expected: &ExpectedDigests) -> Option<Checksum> {
    match expected.checksum {
        ExpectedChecksum::Value(checksum) => Some(checksum),
        ExpectedChecksum::Default | ExpectedChecksum::Compute(_) | ExpectedChecksum::Trailer(_) => None,
    }
}

fn write_digests(checksum: Option<Checksum>, md5: Option<[u8; 16]>, call: &mut Call<'_>) {
    let ascii = |text: String| http::HeaderValue::try_from(text).expect("base64 is visible ASCII");
    if let Some(checksum) = checksum {
        call.headers.insert(checksum::header(checksum.algorithm), ascii(checksum::text(&checksum)));
    }
    if let Some(md5) = md5 {
        call.headers.insert("content-md5", ascii(STANDARD.encode(md5)));
    }
}

async fn collected(body: Body, length_bytes: u64) -> Result<Bytes, StoreError> {
    let max_bytes = usize::try_from(length_bytes).unwrap_or(usize::MAX);
    body.collect(max_bytes).await.map_err(|error| {
        Failure::Remote(remote::RemoteErrorKind::Body(error).into())
            .into_store(Seen::default(), "read a body")
    })
}

/// The version that a write made, where the bucket has versions.
pub(super) fn version_of(bucket: &Bucket, answer: &HeaderMap) -> Option<VersionId> {
    let null = || (bucket.versioning == Versioning::Suspended).then_some(VersionId::Null);
    headers::version_id(answer).or_else(null)
}

impl Inner {
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }
}
