use bytes::Bytes;
use hash::Hasher;
use http::Method;
use remote::Payload;
use store::{Bucket, StoreError, StoreErrorKind};
use types::{Body, Checksum, ChecksumAlgorithm, Context, ExpectedChecksum, ExpectedDigests, ObjectKey};

use crate::outgoing::{Framing, Manner, Md5Wanted, Outgoing, Verify};
use crate::probe::kept::Checksums;
use crate::probe::trace::{Answer, Trace};
use crate::store::Inner;
use crate::wire::{Call, Failure, Seen, Signed};
use crate::{checksum, headers};

const BYTES: &[u8] = b"what a service must verify";
/// The version of what is kept in the ledger.
const FORMAT: u8 = 1;
/// What is given to a service that does not know the client's algorithm, the best first.
const INSTEAD: [ChecksumAlgorithm; 2] = [ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Crc32];

impl Inner {
    /// The checksum to give to the service for a client that wants `wanted` verified: that one where the service verifies
    /// it, another one where it does not; none where it verifies none.
    ///
    /// # Errors
    /// Failures of the service.
    pub(crate) async fn given(
        &self,
        cx: &Context,
        bucket: &Bucket,
        wanted: ChecksumAlgorithm,
    ) -> Result<Option<ChecksumAlgorithm>, StoreError> {
        for algorithm in [wanted].into_iter().chain(INSTEAD) {
            match self.checksums(cx, bucket, algorithm).await {
                Ok(Checksums::Ignored) => {}
                Ok(Checksums::Verified | Checksums::Kept) => return Ok(Some(algorithm)),
                // The write itself will say so, if it is not allowed either.
                Err(StoreError { kind: StoreErrorKind::Denied, .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// What the service does with checksums of an algorithm, by a probe that is made once.
    pub(crate) async fn checksums(
        &self,
        cx: &Context,
        bucket: &Bucket,
        algorithm: ChecksumAlgorithm,
    ) -> Result<Checksums, StoreError> {
        if self.wire.endpoint.is_aws() {
            return Ok(Checksums::Kept);
        }
        if let Some(found) = self.probes.checksums(algorithm) {
            return Ok(found);
        }
        let _one_at_a_time = self.probes.running().await;
        if let Some(found) = self.probes.checksums(algorithm) {
            return Ok(found);
        }
        let name = format!("checksums/{}", algorithm.name());
        let kept = self.ledger.value(name.as_bytes()).await?;
        let known = match kept.as_deref() {
            Some(&[FORMAT, byte]) => Checksums::from_byte(byte),
            _ => None,
        };
        let found = match known {
            Some(found) => found,
            None => {
                let found = probe(self, cx, bucket.name.as_str(), algorithm).await;
                let found =
                    found.map_err(|failure| failure.into_store(Seen::default(), "probe a service"))?;
                self.ledger.put_value(name.as_bytes(), &[FORMAT, found.to_byte()]).await?;
                tracing::info!(
                    algorithm = algorithm.name(),
                    ?found,
                    "the service was asked what it does with checksums"
                );
                found
            }
        };
        self.probes.keep_checksums(algorithm, found);
        Ok(found)
    }
}

async fn probe(
    inner: &Inner,
    cx: &Context,
    bucket: &str,
    algorithm: ChecksumAlgorithm,
) -> Result<Checksums, Failure> {
    let mut trace = Trace::begin(inner, cx, bucket);
    let found = probe_key(&mut trace, algorithm).await;
    trace.clean().await;
    found
}

async fn probe_key(trace: &mut Trace<'_>, algorithm: ChecksumAlgorithm) -> Result<Checksums, Failure> {
    let wrong = Hasher::checksum(algorithm, b"other bytes");
    let right = Hasher::checksum(algorithm, BYTES);
    // Both ways in which a checksum is given must be verified: as a header, and behind the bytes.
    for call in [with_header(trace, &wrong), with_trailer(trace, wrong)] {
        if trace.ask(call).await?.0 == Answer::Done {
            return Ok(Checksums::Ignored);
        }
    }
    for call in [with_header(trace, &right), with_trailer(trace, right)] {
        if trace.ask(call).await?.0 != Answer::Done {
            return match denied(trace).await? {
                true => Err(denial()),
                false => Ok(Checksums::Ignored),
            };
        }
    }
    let key = ObjectKey::new(&trace.key).expect("a probe's key is short");
    match trace.inner.head_now(trace.cx, trace.bucket, &key, None).await {
        // A service that keeps the framing with the object does not understand it.
        Ok((info, _)) if info.size_bytes != BYTES.len() as u64 => Ok(Checksums::Ignored),
        Ok((info, _)) if info.checksum == Some(right) => Ok(Checksums::Kept),
        Ok(_) => Ok(Checksums::Verified),
        Err(failure) => Err(failure),
    }
}

/// Whether not even a plain write is allowed.
async fn denied(trace: &mut Trace<'_>) -> Result<bool, Failure> {
    let call = Call { bucket: Some(trace.bucket), key: Some(&trace.key), ..trace.put("plain") };
    match trace.inner.wire.plain(trace.cx, call).await {
        Ok(answer) => {
            trace.remember(&answer);
            Ok(false)
        }
        Err(failure) if failure.status() == Some(403) => Ok(true),
        Err(failure) => Err(failure),
    }
}

fn denial() -> Failure {
    let status = http::StatusCode::FORBIDDEN;
    Failure::Fault(Box::new(crate::wire::Fault::new(
        status,
        http::HeaderMap::new(),
        crate::xml::Element::default(),
    )))
}

fn with_header(trace: &Trace<'_>, checksum: &Checksum) -> Call<'static> {
    let call = trace.call(Method::PUT).bytes(Bytes::from_static(BYTES));
    call.header(checksum::header(checksum.algorithm), checksum::text(checksum))
}

fn with_trailer(trace: &Trace<'_>, checksum: Checksum) -> Call<'static> {
    let algorithm = checksum.algorithm;
    let expected = ExpectedDigests { content_md5: None, checksum: ExpectedChecksum::Value(checksum) };
    let framing = Framing::Trailer(algorithm);
    let manner =
        Manner { expected, give: Some(algorithm), framing, verify: Verify::There, md5: Md5Wanted::No };
    let (body, _) = Outgoing::wrap(Body::from_bytes(Bytes::from_static(BYTES)), manner);
    let mut call = trace
        .call(Method::PUT)
        .header("x-amz-trailer", checksum::header(algorithm))
        .header("x-amz-decoded-content-length", BYTES.len().to_string());
    headers::mark_chunked(&mut call.headers);
    call.signed = Signed::As(sigv4::STREAMING_UNSIGNED_TRAILER);
    let length_bytes = body.length_bytes().unwrap_or_default();
    call.payload = Payload::Stream { body, length_bytes };
    call
}
