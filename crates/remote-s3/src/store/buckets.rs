use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hash::Md5;
use http::Method;
use remote::{BucketRecord, Pages};
use store::{Bucket, BucketPage, BucketUpdate, ListBuckets, Missing, StoreError, StoreErrorKind, Versioning};
use types::{BucketName, Context, Owner, TagSet, Timestamp};

use crate::endpoint::DEFAULT_REGION;
use crate::store::Inner;
use crate::wire::{Call, Failure, Seen};
use crate::{date, xml};

/// The most buckets that a listing of all takes from the service: S3's own limit for an account is below.
const MAX_BUCKETS: usize = 100_000;
pub(super) const NO_VERSIONING: &str = "the service that holds the data keeps no versions";
pub(super) const NO_BUCKET_TAGS: &str = "the service that holds the data keeps no tags of buckets";
const NEVER_OFF: &str = "versioning can be suspended but not removed";

impl Inner {
    pub(super) async fn create_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        const OPERATION: &str = "create a bucket";
        // In S3's first region making an own bucket again succeeds: who is first is decided here.
        let _creating = self.creating.lock().await;
        if self.look_for_bucket(cx, name).await? == Found::There {
            return Err(StoreError::new(StoreErrorKind::BucketExists, OPERATION));
        }
        let mut call = Call::bucket(Method::PUT, name.as_str()).once();
        if self.wire.home_region() != DEFAULT_REGION {
            let mut document = xml::Writer::root("CreateBucketConfiguration");
            document.text("LocationConstraint", self.wire.home_region());
            call = call.bytes(document.finish("CreateBucketConfiguration"));
        }
        self.wire.plain(cx, call).await.map_err(|failure| failure.into_store(Seen::default(), OPERATION))?;
        let created_at = self.clock.now();
        let record = BucketRecord {
            owner: owner.clone(),
            created_at,
            tags: TagSet::default(),
            versioning: Versioning::Off,
        };
        self.ledger.put_bucket(name, &record).await?;
        if !tags.is_empty()
            && let Err(error) = self.put_bucket_tags(cx, name, tags).await
        {
            // Not without its tags: it is as if it had not been made.
            let _ = self.remove_bucket(cx, name).await;
            return Err(error);
        }
        let bucket = self.described(name, Some(record), Versioning::Off, tags.clone());
        Ok(self.buckets.changed(bucket, self.clock.now()))
    }

    async fn look_for_bucket(&self, cx: &Context, name: &BucketName) -> Result<Found, StoreError> {
        match self.wire.plain(cx, Call::bucket(Method::HEAD, name.as_str())).await {
            Ok(_) => Ok(Found::There),
            Err(failure) => match failure.status() {
                Some(404) => Ok(Found::NotThere),
                Some(301 | 307) => Ok(Found::There),
                Some(403) => Ok(Found::Hidden),
                _ => Err(failure.into_store(Seen::default(), "look for a bucket")),
            },
        }
    }

    fn described(
        &self,
        name: &BucketName,
        record: Option<BucketRecord>,
        versioning: Versioning,
        tags: TagSet,
    ) -> Bucket {
        let (owner, created_at) = match record {
            Some(record) => (record.owner, record.created_at),
            None => (self.root_owner.clone(), Timestamp::default()),
        };
        let handle = created_at.as_nanos();
        Bucket { name: name.clone(), owner, created_at, versioning, tags, handle, revision: 0 }
    }

    pub(super) async fn bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        if let Some(bucket) = self.buckets.get(name, self.clock.now()) {
            return Ok(bucket);
        }
        let (versioning, tags) = tokio::join!(self.versioning(cx, name), self.bucket_tags(cx, name));
        let (versioning, tags) = match (versioning, tags) {
            (Ok(versioning), Ok(tags)) => (versioning, tags),
            (Err(error), _) | (_, Err(error)) => {
                self.buckets.remove(name);
                return Err(error);
            }
        };
        let record = self.ledger.bucket_record(name).await?;
        Ok(self.buckets.told(self.described(name, record, versioning, tags), self.clock.now()))
    }

    async fn versioning(&self, cx: &Context, name: &BucketName) -> Result<Versioning, StoreError> {
        const OPERATION: &str = "read a bucket's versioning";
        let call = Call::bucket(Method::GET, name.as_str()).of("versioning");
        let failure = match self.wire.document(cx, call).await {
            Ok(document) => {
                return Ok(match document.root.get("Status").map(str::trim) {
                    Some("Enabled") => Versioning::Enabled,
                    Some("Suspended") => Versioning::Suspended,
                    _ => Versioning::Off,
                });
            }
            Err(failure) => failure,
        };
        if is_unknown(&failure) {
            self.lacks.versioning.store(true, Ordering::Relaxed);
        } else if failure.status() != Some(403) {
            return Err(of_bucket(failure, OPERATION));
        }
        match self.look_for_bucket(cx, name).await? {
            Found::There => Ok(Versioning::Off),
            Found::NotThere => Err(StoreError::missing(Missing::Bucket, OPERATION)),
            Found::Hidden => Err(StoreError::new(StoreErrorKind::Denied, OPERATION)),
        }
    }

    async fn bucket_tags(&self, cx: &Context, name: &BucketName) -> Result<TagSet, StoreError> {
        const OPERATION: &str = "read a bucket's tags";
        let call = Call::bucket(Method::GET, name.as_str()).of("tagging");
        match self.wire.document(cx, call).await {
            Ok(document) => super::tags::read(&document.root, TagSet::BUCKET_MAX, OPERATION),
            Err(failure) if failure.code() == Some("NoSuchTagSet") => Ok(TagSet::default()),
            Err(failure) if is_unknown(&failure) => {
                self.lacks.bucket_tags.store(true, Ordering::Relaxed);
                Ok(TagSet::default())
            }
            Err(failure) if failure.status() == Some(403) => Ok(TagSet::default()),
            Err(failure) => Err(of_bucket(failure, OPERATION)),
        }
    }

    pub(super) async fn update_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        let mut updated = self.bucket(cx, &bucket.name).await?;
        match update {
            BucketUpdate::Versioning(versioning) => {
                self.put_versioning(cx, &bucket.name, versioning).await?;
                updated.versioning = versioning;
            }
            BucketUpdate::Tags(tags) => {
                self.put_bucket_tags(cx, &bucket.name, &tags).await?;
                updated.tags = tags;
            }
        }
        Ok(self.buckets.changed(updated, self.clock.now()))
    }

    async fn put_versioning(
        &self,
        cx: &Context,
        name: &BucketName,
        versioning: Versioning,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "change a bucket's versioning";
        let status = match versioning {
            Versioning::Enabled => "Enabled",
            Versioning::Suspended => "Suspended",
            Versioning::Off => {
                return Err(StoreError::new(StoreErrorKind::Unsupported(NEVER_OFF), OPERATION));
            }
        };
        let mut document = xml::Writer::root("VersioningConfiguration");
        document.text("Status", status);
        let call = Call::bucket(Method::PUT, name.as_str()).of("versioning");
        let call = with_md5(call, document.finish("VersioningConfiguration"));
        let result = self.wire.plain(cx, call).await;
        self.buckets.remove(name);
        result.map(drop).map_err(|failure| match is_left_out(&failure) {
            true => StoreError::new(StoreErrorKind::Unsupported(NO_VERSIONING), OPERATION),
            false => of_bucket(failure, OPERATION),
        })
    }

    async fn put_bucket_tags(
        &self,
        cx: &Context,
        name: &BucketName,
        tags: &TagSet,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "change a bucket's tags";
        let call = if tags.is_empty() {
            Call::bucket(Method::DELETE, name.as_str()).of("tagging")
        } else {
            with_md5(Call::bucket(Method::PUT, name.as_str()).of("tagging"), super::tags::write(tags))
        };
        let result = self.wire.plain(cx, call).await;
        self.buckets.remove(name);
        result.map(drop).map_err(|failure| match is_left_out(&failure) {
            true => StoreError::new(StoreErrorKind::Unsupported(NO_BUCKET_TAGS), OPERATION),
            false => of_bucket(failure, OPERATION),
        })
    }

    pub(super) async fn delete_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        self.remove_bucket(cx, &bucket.name).await
    }

    async fn remove_bucket(&self, cx: &Context, name: &BucketName) -> Result<(), StoreError> {
        let result = self.wire.plain(cx, Call::bucket(Method::DELETE, name.as_str()).once()).await;
        self.buckets.remove(name);
        result.map_err(|failure| of_bucket(failure, "delete a bucket"))?;
        self.forget_uploads(name).await?;
        self.probes.forget(name);
        self.ledger.remove_bucket(name).await
    }

    pub(super) async fn list_buckets(
        &self,
        cx: &Context,
        options: ListBuckets,
    ) -> Result<BucketPage, StoreError> {
        let mut found = self.all_buckets(cx, &options.prefix).await?;
        found.retain(|(name, _)| {
            name.as_str().starts_with(&options.prefix)
                && options.after.as_ref().is_none_or(|after| name.as_str() > after.as_str())
        });
        found.sort();
        found.dedup_by(|a, b| a.0 == b.0);
        let more = found.len() > options.limit;
        found.truncate(options.limit);
        let names: Vec<BucketName> = found.iter().map(|(name, _)| name.clone()).collect();
        let records = self.ledger.bucket_records(&names).await?;
        let buckets = found
            .into_iter()
            .zip(records)
            .map(|((name, created_at), record)| {
                let bucket = self.described(&name, record, Versioning::Off, TagSet::default());
                Bucket { created_at, ..bucket }
            })
            .collect();
        Ok(BucketPage { buckets, more })
    }

    /// All buckets of the account with their dates; names that are none of today's are left out.
    async fn all_buckets(
        &self,
        cx: &Context,
        prefix: &str,
    ) -> Result<Vec<(BucketName, Timestamp)>, StoreError> {
        const OPERATION: &str = "list buckets";
        let mut found = Vec::new();
        let mut pages = Pages::<String>::new(None);
        loop {
            let prefix = Some(prefix).filter(|prefix| self.wire.endpoint.is_aws() && !prefix.is_empty());
            let call = Call::service(Method::GET)
                .with_some("prefix", prefix)
                .with_some("continuation-token", pages.token().map(String::as_str));
            let document = self.wire.document(cx, call).await;
            let document = document.map_err(|failure| failure.into_store(Seen::default(), OPERATION))?;
            let listed = document.root.child("Buckets").map(xml::Element::children).unwrap_or_default();
            for entry in listed {
                let Some(name) = entry.get("Name").and_then(|name| BucketName::new(name).ok()) else {
                    continue;
                };
                let created_at = entry.get("CreationDate").and_then(date::of_document).unwrap_or_default();
                found.push((name, created_at));
            }
            let next = document.root.get("ContinuationToken").filter(|next| !next.is_empty());
            let next = next.filter(|_| found.len() < MAX_BUCKETS).map(str::to_owned);
            if !pages.turn(next, listed.len()).map_err(|error| error.into_store(OPERATION))? {
                return Ok(found);
            }
        }
    }
}

/// What a look for a bucket came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    There,
    NotThere,
    /// The service does not tell.
    Hidden,
}

/// Whether the service does not know such a request at all.
pub(super) fn is_left_out(failure: &Failure) -> bool {
    matches!(failure.status(), Some(405 | 501)) || failure.code() == Some("NotImplemented")
}

/// As [`is_left_out`], of a request in which nothing but the subresource can be wrong: Cloud Storage takes one that it does
/// not know for a wrong argument.
pub(super) fn is_unknown(failure: &Failure) -> bool {
    is_left_out(failure) || failure.code() == Some("InvalidArgument")
}

/// A failure of a request for a bucket, where 404 without a document means the bucket.
fn of_bucket(failure: Failure, operation: &'static str) -> StoreError {
    let mut error = failure.into_store(Seen::default(), operation);
    if let StoreErrorKind::Missing(what) = &mut error.kind {
        *what = Missing::Bucket;
    }
    error
}

/// Gives a request a document and its MD5, which some requests must bear.
pub(crate) fn with_md5<'a>(call: Call<'a>, document: Bytes) -> Call<'a> {
    let md5 = STANDARD.encode(Md5::digest(&document));
    call.header("content-md5", md5).header("content-type", "application/xml").bytes(document)
}
