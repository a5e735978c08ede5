use remote::IdentityRecord;
use store::{Bucket, Identity, Missing, ObjectIdentity, PutOptions, PutOutcome, StoreError, StoreErrorKind};
use types::{
    Body, BucketName, Checksum, ChecksumAlgorithm, Context, ExpectedChecksum, ExpectedDigests, ObjectKey,
    ObjectMetadata,
};

use crate::api::{Asked, Refusal, failed};
use crate::body::{Seen, verified};
use crate::facts::{Facts, Rest};
use crate::found::Found;
use crate::identity::Known;
use crate::names::require_storable;
use crate::runs::PartRuns;
use crate::store::GcsStore;
use crate::table::PartTable;
use crate::upload::{Source, Upload, expect, gather, resource};

const PUT: &str = "put an object";

/// What is known of an object's identity before its bytes have passed.
struct Begun {
    body: Body,
    seen: Seen,
    facts: Facts,
    expected: Option<ExpectedDigests>,
}

/// Sets a body up to be verified, and gathers what is known of it already.
fn begin(body: Body, identity: Identity, nonce: Option<String>) -> Begun {
    let facts = Facts { nonce, ..Facts::default() };
    match identity {
        Identity::Supplied(ObjectIdentity { etag, checksum, part_sizes }) => {
            let (body, seen) = verified(body, None, None);
            let parts: PartRuns = (1..).zip(part_sizes).collect();
            let facts = Facts { etag: Some(etag), checksum, parts, ..facts };
            Begun { body, seen, facts, expected: None }
        }
        Identity::Compute(expected) => {
            let keep = expected.checksum.algorithm();
            let (body, seen) = verified(body, Some(expected), Some(keep));
            let checksum = match expected.checksum {
                ExpectedChecksum::Value(checksum) => Some(checksum),
                _ => None,
            };
            Begun { body, seen, facts: Facts { checksum, ..facts }, expected: Some(expected) }
        }
    }
}

/// The CRC32C that the client expects, which the service verifies too.
fn expected_crc32c(expected: Option<&ExpectedDigests>) -> Option<Checksum> {
    match expected?.checksum {
        ExpectedChecksum::Value(checksum) if checksum.algorithm == ChecksumAlgorithm::Crc32c => {
            Some(checksum)
        }
        _ => None,
    }
}

/// Whether a refusal is about digests that were sent along.
pub(crate) fn is_digest_refusal(refusal: &Refusal) -> bool {
    refusal.status == http::StatusCode::BAD_REQUEST
        && ["MD5", "md5", "CRC32C", "crc32c", "BadDigest"].iter().any(|word| refusal.message.contains(word))
}

impl GcsStore {
    pub(crate) async fn put_object(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        require_storable(key.as_str(), PUT)?;
        self.require_conditional_put(&options.condition, PUT)?;
        let PutOptions { metadata: said, identity, condition } = options;
        let guard = self.guard(cx, &bucket.name, key, &condition).await?;
        let nonce = self.nonce(&condition);
        let Begun { body, seen, mut facts, expected } = begin(body, identity, nonce.clone());
        let limits = self.limits;
        let source = gather(body, limits.small_max_bytes, limits.chunk_bytes).await;
        let source = source.map_err(|error| failed(remote::RemoteErrorKind::Body(error).into(), PUT))?;
        let mut crc32c = expected_crc32c(expected.as_ref()).map(|checksum| checksum.value);
        if let (Source::Whole(_), Some(digests)) = (&source, seen.digests()) {
            facts.checksum = facts.checksum.or(digests.kept);
            crc32c = types::ChecksumValue::new(&digests.crc32c);
        }
        // The object has it of itself.
        facts.checksum = facts.checksum.filter(|sum| sum.algorithm != ChecksumAlgorithm::Crc32c);
        let (written, rest) = facts.write(&said);
        let mut resource = resource(key.as_str(), &said, &written);
        let md5 = expected.and_then(|expected| expected.content_md5);
        expect(&mut resource, md5, crc32c.as_ref().map(types::ChecksumValue::as_bytes));
        let upload = Upload { bucket: bucket.name.as_str(), resource, guard };
        let asked = self.upload(cx, upload, source).await;
        let place = (&bucket.name, key);
        let found = self.settle_put(cx, place, asked, &condition, nonce.as_deref()).await?;
        self.hold(cx, (bucket.name.as_str(), key.as_str()), &found, &seen).await?;
        let kept = seen.digests().and_then(|digests| digests.kept);
        let facts = Facts { rest, ..facts };
        let beyond = Beyond { facts: &facts, kept, said: &said };
        let known = self.record(&bucket.name, key, found, beyond).await?;
        Ok(outcome(&known, bucket))
    }

    /// The object that a write made, as its answer tells; where the answer is not clear, the object is looked for.
    pub(crate) async fn settle_put(
        &self,
        cx: &Context,
        (bucket, key): (&BucketName, &ObjectKey),
        asked: Asked<Found>,
        condition: &store::WriteCondition,
        nonce: Option<&str>,
    ) -> Result<Found, StoreError> {
        let is_ambiguous = match &asked {
            Ok(Ok(_)) => false,
            Ok(Err(refusal)) => refusal.is_ambiguous(),
            Err(error) => error.is_ambiguous(),
        };
        if is_ambiguous && let Some(known) = self.landed(cx, bucket, key, nonce).await {
            return Ok(known.found);
        }
        match asked.map_err(|error| failed(error, PUT))? {
            Ok(found) => Ok(found),
            Err(refusal) if refusal.is_condition() => {
                self.refused(cx, bucket, key, condition, nonce).await.map(|known| known.found)
            }
            Err(refusal) if refusal.is_missing() => {
                self.buckets.remove(bucket);
                Err(StoreError::missing(Missing::Bucket, PUT))
            }
            Err(refusal) if is_digest_refusal(&refusal) => {
                Err(StoreError::with_source(StoreErrorKind::DigestMismatch(None), PUT, refusal))
            }
            Err(refusal) => Err(refusal.into_store(PUT)),
        }
    }

    /// Keeps in the ledger what the object itself has no room for, and returns all that is known of it.
    pub(crate) async fn record(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        found: Found,
        beyond: Beyond<'_>,
    ) -> Result<Known, StoreError> {
        let Beyond { facts, kept, said } = beyond;
        let is_told = |checksum: &Checksum| {
            checksum.algorithm == ChecksumAlgorithm::Crc32c || Some(*checksum) == facts.checksum
        };
        let kept = kept.filter(|checksum| !is_told(checksum));
        if facts.rest == Rest::Here && kept.is_none() {
            return Ok(Known::new(found, None));
        }
        let plain = Known::new(found, None);
        let table = PartTable::from_sizes(facts.parts.iter());
        let record = IdentityRecord {
            etag: plain.etag.clone(),
            checksum: facts.checksum.or(kept),
            part_sizes: Vec::new(),
            metadata: (facts.rest == Rest::Ledger).then(|| said.clone()),
            provider: if table.is_empty() {
                Vec::new()
            } else {
                table.write(remote::IDENTITY_PROVIDER_MAX_BYTES)
            },
        };
        self.ledger.put_identity(bucket, key, &plain.found.generation.to_string(), &record).await?;
        Ok(Known::new(plain.found, Some(record)))
    }
}

/// What is to be kept of an object beyond what its own metadata tell.
pub(crate) struct Beyond<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) kept: Option<Checksum>,
    pub(crate) said: &'a ObjectMetadata,
}

/// A write's outcome.
pub(crate) fn outcome(known: &Known, bucket: &Bucket) -> PutOutcome {
    PutOutcome {
        etag: known.etag.clone(),
        version_id: known.version_id(bucket),
        checksum: known.checksum,
        size_bytes: known.found.size_bytes,
        modified_at: known.modified_at(),
    }
}
