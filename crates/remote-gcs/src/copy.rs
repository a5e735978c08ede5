use hash::Hasher;
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use store::{
    Bucket, Content, CopyOptions, CopySource, Directive, Missing, OpenOptions, PutOutcome, StoreError,
    StoreErrorKind,
};
use types::{ByteRange, Checksum, ChecksumAlgorithm, Context, Frame, ObjectKey, ObjectMetadata};

use crate::api::{Asked, Query, object_path};
use crate::class;
use crate::facts::Facts;
use crate::found::{Found, NOT_AN_OBJECT, Resource};
use crate::guard::Guard;
use crate::identity::Known;
use crate::names::{escape, require_storable};
use crate::put::{Beyond, outcome};
use crate::store::GcsStore;
use crate::upload::resource;

const COPY: &str = "copy an object";

/// The answer of a rewrite. Source: "Objects: rewrite" of the JSON API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rewritten {
    done: bool,
    /// A number as text: the JSON API writes 64 bits so.
    #[serde(default)]
    total_bytes_rewritten: String,
    rewrite_token: Option<String>,
    resource: Option<Resource>,
}

/// How many calls in a row may move no byte: each moves a mebibyte at the least, by the documentation.
const IDLE_REWRITES_MAX: u32 = 100;

/// What is rewritten to where.
pub(crate) struct Rewrite<'a> {
    pub(crate) from: (&'a str, &'a str),
    pub(crate) generation: i64,
    pub(crate) to: (&'a str, &'a str),
    pub(crate) resource: &'a Value,
    pub(crate) guard: Guard,
}

/// What a copy says of the new object.
fn said_of_copy(source: &ObjectMetadata, options: &CopyOptions) -> ObjectMetadata {
    let mut said = match &options.metadata {
        Directive::Copy => source.clone(),
        Directive::Replace(said) => said.clone(),
    };
    if let Some(class) = options.storage_class {
        said.storage_class = class;
    }
    said.tags = match &options.tags {
        Directive::Copy => source.tags.clone(),
        Directive::Replace(tags) => tags.clone(),
    };
    said
}

impl GcsStore {
    /// The source of a copy, if it still is the one named.
    pub(crate) async fn source(&self, cx: &Context, source: &CopySource) -> Result<Known, StoreError> {
        let options = OpenOptions { version_id: source.version_id.clone(), ..OpenOptions::default() };
        let (known, _) = self.head_object(cx, &source.bucket, &source.key, &options).await?;
        if known.etag == source.etag {
            Ok(known)
        } else {
            Err(StoreError::new(StoreErrorKind::Conflict, COPY))
        }
    }

    pub(crate) async fn copy_object(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        require_storable(key.as_str(), COPY)?;
        self.require_conditional_put(&options.condition, COPY)?;
        let known = self.source(cx, source).await?;
        let checksum = self.checksum_of_copy(cx, source, &known, options.checksum).await?;
        let guard = self.guard(cx, &bucket.name, key, &options.condition).await?;
        let facts = Facts {
            // A plain MD5 goes with the bytes, a dressed tag with the generation.
            etag: known.facts.etag.clone(),
            checksum: checksum.filter(|sum| sum.algorithm != ChecksumAlgorithm::Crc32c),
            parts: known.parts.sizes().collect(),
            nonce: Some(format!("{:016x}", self.random.next_u64())),
            ..Facts::default()
        };
        let said = said_of_copy(&known.said, options);
        let (written, rest) = facts.write(&said);
        let mut resource = resource(key.as_str(), &said, &written);
        // A copy that names no class gets the bucket's, as a put does; one out of a colder class is named.
        if class::to_gcs(said.storage_class).is_none() && options.storage_class.is_some() {
            resource["storageClass"] = "STANDARD".into();
        }
        let rewrite = Rewrite {
            from: (source.bucket.name.as_str(), source.key.as_str()),
            generation: known.found.generation,
            to: (bucket.name.as_str(), key.as_str()),
            resource: &resource,
            guard,
        };
        let asked = self.rewrite(cx, &rewrite).await;
        if let Ok(Err(refusal)) = &asked
            && refusal.is_missing()
        {
            return Err(self.source_lost(cx, source).await);
        }
        let nonce = facts.nonce.as_deref();
        let found = self.settle_put(cx, (&bucket.name, key), asked, &options.condition, nonce).await?;
        let facts = Facts { rest, ..facts.clone() };
        let beyond = Beyond { facts: &facts, kept: checksum, said: &said };
        let made = self.record_copy(bucket, key, found, beyond, &known).await?;
        Ok(outcome(&made, bucket))
    }

    /// Keeps what the copy has no room for; a table of parts with their checksums goes along.
    async fn record_copy(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        found: Found,
        beyond: Beyond<'_>,
        source: &Known,
    ) -> Result<Known, StoreError> {
        if source.parts.is_empty() {
            return self.record(&bucket.name, key, found, beyond).await;
        }
        let plain = Known::new(found, None);
        let record = remote::IdentityRecord {
            etag: plain.etag.clone(),
            checksum: beyond.facts.checksum,
            part_sizes: Vec::new(),
            metadata: (beyond.facts.rest == crate::facts::Rest::Ledger).then(|| beyond.said.clone()),
            provider: source.parts.write(remote::IDENTITY_PROVIDER_MAX_BYTES),
        };
        let generation = plain.found.generation.to_string();
        self.ledger.put_identity(&bucket.name, key, &generation, &record).await?;
        Ok(Known::new(plain.found, Some(record)))
    }

    /// Rewrites an object, call after call where it is large. A token that is lost with its answer is got again by asking
    /// anew.
    pub(crate) async fn rewrite(&self, cx: &Context, rewrite: &Rewrite<'_>) -> Asked<Found> {
        let (to_bucket, to_name) = rewrite.to;
        let path = format!(
            "{}/rewriteTo/b/{to_bucket}/o/{}",
            object_path(rewrite.from.0, rewrite.from.1),
            escape(to_name)
        );
        let mut token: Option<String> = None;
        let (mut moved_bytes, mut idle) = (0, 0);
        loop {
            let query = rewrite.guard.apply(Query::new());
            let query = query.with("sourceGeneration", rewrite.generation);
            let query = query.with_some("rewriteToken", token.as_deref());
            let request = self.api.with_json(Method::POST, &path, &query, rewrite.resource)?;
            let rewritten: Rewritten = match self.api.ask_json(cx, request).await? {
                Ok(rewritten) => rewritten,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if rewritten.done {
                let found = rewritten.resource.and_then(Found::from_resource);
                return found.map(Ok).ok_or_else(|| remote::RemoteErrorKind::Malformed(NOT_AN_OBJECT).into());
            }
            if rewritten.rewrite_token.is_none() {
                return Err(remote::RemoteErrorKind::Malformed("no token to go on with").into());
            }
            // The token may stay the same: the bytes tell whether it goes on.
            let moved: u64 = rewritten.total_bytes_rewritten.parse().unwrap_or_default();
            idle = if moved > moved_bytes { 0 } else { idle + 1 };
            if idle > IDLE_REWRITES_MAX {
                return Err(remote::RemoteErrorKind::Malformed("a rewrite that moves nothing").into());
            }
            moved_bytes = moved_bytes.max(moved);
            token = rewritten.rewrite_token;
        }
    }

    /// What a source that was there a moment ago has come to.
    async fn source_lost(&self, cx: &Context, source: &CopySource) -> StoreError {
        match self.source(cx, source).await {
            Err(error) => error,
            Ok(_) => StoreError::new(StoreErrorKind::Missing(Missing::Bucket), COPY),
        }
    }

    /// The checksum of a copy: the source's, or another one, computed from its bytes.
    async fn checksum_of_copy(
        &self,
        cx: &Context,
        source: &CopySource,
        known: &Known,
        wanted: Option<ChecksumAlgorithm>,
    ) -> Result<Option<Checksum>, StoreError> {
        let kept = known.checksum;
        let Some(wanted) = wanted else { return Ok(kept) };
        let is_it = |sum: &Checksum| sum.algorithm == wanted && sum.part_count.is_none();
        if let Some(kept) = kept.filter(is_it) {
            return Ok(Some(kept));
        }
        let content = self.pinned(cx, source.bucket.name.as_str(), source.key.as_str(), &known.found);
        let mut body = content.read(ByteRange::whole(known.found.size_bytes)).await?;
        let mut hasher = Hasher::new(wanted);
        while let Some(frame) = body.next_frame().await {
            let frame =
                frame.map_err(|error| StoreError::with_source(StoreErrorKind::Unavailable, COPY, error))?;
            if let Frame::Data(data) = frame {
                hasher.update(&data);
            }
        }
        Ok(Some(hasher.finish()))
    }
}
