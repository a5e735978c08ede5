use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use http::{Method, StatusCode};
use remote::{BucketRecord, Pages};
use serde::Deserialize;
use serde_json::json;
use store::{
    Bucket, BucketPage, BucketUpdate, ListBuckets, ListObjects, StoreError, StoreErrorKind, Versioning,
};
use types::{BucketName, Context, Owner, TagSet, Timestamp};

use crate::api::{Query, bucket_path, failed, settled};
use crate::multipart::delete_uploads_of;
use crate::store::{GcsStore, VERSIONING};

const CREATE: &str = "make a bucket";
const FIND: &str = "find a bucket";
const CHANGE: &str = "change a bucket";
const REMOVE: &str = "remove a bucket";
const LIST: &str = "list buckets";
const FIELDS: &str = "name,timeCreated,metageneration,versioning";
const PAGE_FIELDS: &str = "items(name,timeCreated,metageneration,versioning),nextPageToken";
/// The most buckets in a page of the service's.
const PAGE_MAX: usize = 1000;

/// A bucket as the service tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BucketResource {
    name: String,
    time_created: String,
    versioning: Option<VersioningResource>,
}

#[derive(Debug, Deserialize)]
struct VersioningResource {
    #[serde(default)]
    enabled: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BucketsPage {
    #[serde(default)]
    items: Vec<BucketResource>,
    next_page_token: Option<String>,
}

impl BucketResource {
    fn created_at(&self) -> Option<Timestamp> {
        let moment = OffsetDateTime::parse(&self.time_created, &Rfc3339).ok()?;
        u64::try_from(moment.unix_timestamp_nanos()).ok().map(Timestamp::from_nanos)
    }

    fn versioning(&self) -> Versioning {
        match &self.versioning {
            Some(VersioningResource { enabled: true }) => Versioning::Enabled,
            _ => Versioning::Off,
        }
    }
}

/// The name under which the number of a bucket's last change is kept.
fn revision_name(name: &BucketName) -> Vec<u8> {
    format!("revision/{name}").into_bytes()
}

impl GcsStore {
    pub(crate) async fn make_bucket(
        &self,
        cx: &Context,
        name: &BucketName,
        owner: &Owner,
        tags: &TagSet,
    ) -> Result<Bucket, StoreError> {
        let query = Query::new().with("project", self.project(CREATE)?).with("fields", FIELDS);
        let document = json!({ "name": name.as_str() });
        let mut request = self
            .api
            .with_json(Method::POST, "/storage/v1/b", &query, &document)
            .map_err(|error| failed(error, CREATE))?;
        // A second attempt would meet the bucket that the first one made.
        request.replay = remote::Replay::Unsent;
        let asked =
            self.api.ask_json::<BucketResource>(cx, request).await.map_err(|error| failed(error, CREATE))?;
        let resource = asked.map_err(|refusal| match refusal.status {
            StatusCode::CONFLICT => StoreError::with_source(StoreErrorKind::BucketExists, CREATE, refusal),
            _ => refusal.into_store(CREATE),
        })?;
        let created_at = resource.created_at().ok_or_else(|| malformed(CREATE))?;
        let record = BucketRecord {
            owner: owner.clone(),
            created_at,
            tags: tags.clone(),
            versioning: resource.versioning(),
        };
        self.ledger.put_bucket(name, &record).await?;
        self.buckets.remove(name);
        self.ensure_probed(cx, name).await?;
        self.bucket_of(&resource, Some(record)).await
    }

    pub(crate) async fn find_bucket(&self, cx: &Context, name: &BucketName) -> Result<Bucket, StoreError> {
        if let Some(bucket) = self.buckets.get(name, self.clock.now()) {
            return Ok(bucket);
        }
        let resource = self.bucket_resource(cx, name).await?;
        let record = self.ledger.bucket_record(name).await?;
        self.ensure_probed(cx, name).await?;
        let bucket = self.bucket_of(&resource, record).await?;
        self.buckets.put(&bucket, self.clock.now());
        Ok(bucket)
    }

    async fn bucket_resource(&self, cx: &Context, name: &BucketName) -> Result<BucketResource, StoreError> {
        let query = Query::new().with("fields", FIELDS);
        let request = self.api.request(Method::GET, &bucket_path(name.as_str()), &query);
        let request = request.map_err(|error| failed(error, FIND))?;
        let asked = self.api.ask_json(cx, request).await.map_err(|error| failed(error, FIND))?;
        asked.map_err(|refusal| if refusal.is_missing() { no_bucket(FIND) } else { refusal.into_store(FIND) })
    }

    /// A bucket with what the ledger holds of it, unless that is of an earlier one of its name.
    async fn bucket_of(
        &self,
        resource: &BucketResource,
        record: Option<BucketRecord>,
    ) -> Result<Bucket, StoreError> {
        let name = BucketName::new(&resource.name).map_err(|_| malformed(FIND))?;
        let created_at = resource.created_at().ok_or_else(|| malformed(FIND))?;
        let record = record.filter(|record| record.created_at == created_at);
        let (owner, tags) = match record {
            Some(record) => (record.owner, record.tags),
            None => (self.root_owner.clone(), TagSet::default()),
        };
        let revision = self.ledger.value(&revision_name(&name)).await?;
        let revision = revision.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
        Ok(Bucket {
            name,
            owner,
            created_at,
            versioning: resource.versioning(),
            tags,
            handle: created_at.as_nanos(),
            revision,
        })
    }

    pub(crate) async fn change_bucket(
        &self,
        cx: &Context,
        bucket: &Bucket,
        update: BucketUpdate,
    ) -> Result<Bucket, StoreError> {
        let BucketUpdate::Tags(tags) = update else {
            return Err(StoreError::new(StoreErrorKind::Unsupported(VERSIONING), CHANGE));
        };
        let resource = self.bucket_resource(cx, &bucket.name).await?;
        let created_at = resource.created_at().ok_or_else(|| malformed(CHANGE))?;
        let found = self.bucket_of(&resource, self.ledger.bucket_record(&bucket.name).await?).await?;
        let unrecorded =
            BucketRecord { owner: found.owner, created_at, tags: tags.clone(), versioning: found.versioning };
        let fresh = unrecorded.clone();
        let change = move |record: &mut BucketRecord| {
            if record.created_at != created_at {
                *record = fresh.clone();
            }
            record.tags = tags.clone();
        };
        let record = self.ledger.update_bucket(&bucket.name, unrecorded, change).await?;
        let revision = found.revision.max(bucket.revision) + 1;
        self.ledger.put_value(&revision_name(&bucket.name), &revision.to_le_bytes()).await?;
        self.buckets.remove(&bucket.name);
        self.bucket_of(&resource, Some(record)).await
    }

    pub(crate) async fn remove_bucket(&self, cx: &Context, bucket: &Bucket) -> Result<(), StoreError> {
        let one = ListObjects { limit: 0, ..ListObjects::default() };
        if self.list_objects(cx, bucket, one).await?.more {
            return Err(StoreError::new(StoreErrorKind::BucketNotEmpty, REMOVE));
        }
        self.buckets.remove(&bucket.name);
        delete_uploads_of(self, cx, bucket).await?;
        let path = bucket_path(bucket.name.as_str());
        let request = self.api.request(Method::DELETE, &path, &Query::new());
        let request = request.map_err(|error| failed(error, REMOVE))?;
        match self.api.ask_nothing(cx, request).await.map_err(|error| failed(error, REMOVE))? {
            Ok(()) => {}
            Err(refusal) if refusal.is_missing() => return Err(no_bucket(REMOVE)),
            Err(refusal)
                if matches!(refusal.status, StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED) =>
            {
                return Err(StoreError::with_source(StoreErrorKind::BucketNotEmpty, REMOVE, refusal));
            }
            Err(refusal) => return Err(refusal.into_store(REMOVE)),
        }
        // Whoever looked in the meantime may have remembered it again.
        self.buckets.remove(&bucket.name);
        self.ledger.remove_value(&revision_name(&bucket.name)).await?;
        self.ledger.remove_bucket(&bucket.name).await
    }

    pub(crate) async fn page_of_buckets(
        &self,
        cx: &Context,
        options: ListBuckets,
    ) -> Result<BucketPage, StoreError> {
        let mut page = BucketPage::default();
        let mut pages = Pages::<String>::new(None);
        loop {
            let (resources, next) =
                self.buckets_page(cx, &options, pages.token().map(String::as_str)).await?;
            let count = resources.len();
            let is_behind =
                |name: &BucketName| options.after.as_deref().is_none_or(|after| name.as_str() > after);
            let named = |resource: BucketResource| Some((BucketName::new(&resource.name).ok()?, resource));
            // Names that S3 does not know (with underscores, or longer) cannot be asked for either.
            let found: Vec<_> =
                resources.into_iter().filter_map(named).filter(|(name, _)| is_behind(name)).collect();
            let names: Vec<BucketName> = found.iter().map(|(name, _)| name.clone()).collect();
            let records = self.ledger.bucket_records(&names).await?;
            for ((_, resource), record) in found.iter().zip(records) {
                if page.buckets.len() == options.limit {
                    page.more = true;
                    return Ok(page);
                }
                page.buckets.push(self.bucket_of(resource, record).await?);
            }
            if !pages.turn(next, count).map_err(|error| failed(error, LIST))? {
                return Ok(page);
            }
        }
    }

    async fn buckets_page(
        &self,
        cx: &Context,
        options: &ListBuckets,
        token: Option<&str>,
    ) -> Result<(Vec<BucketResource>, Option<String>), StoreError> {
        let query = Query::new()
            .with("project", self.project(LIST)?)
            .with("prefix", &options.prefix)
            .with("maxResults", PAGE_MAX)
            .with("fields", PAGE_FIELDS)
            .with_some("pageToken", token);
        let request = self.api.request(Method::GET, "/storage/v1/b", &query);
        let request = request.map_err(|error| failed(error, LIST))?;
        let page: BucketsPage = settled(self.api.ask_json(cx, request).await, LIST)?;
        let mut items = page.items;
        // The order is not documented; pages are.
        items.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((items, page.next_page_token.filter(|token| !token.is_empty())))
    }

    fn project(&self, operation: &'static str) -> Result<&str, StoreError> {
        const NONE: &str =
            "buckets are listed and made in a project, and the settings of this store name none";
        self.project.as_deref().ok_or_else(|| StoreError::new(StoreErrorKind::Unsupported(NONE), operation))
    }
}

fn malformed(operation: &'static str) -> StoreError {
    failed(remote::RemoteErrorKind::Malformed("not a bucket").into(), operation)
}

/// What a bucket that is not there is reported as.
pub(crate) fn no_bucket(operation: &'static str) -> StoreError {
    StoreError::missing(store::Missing::Bucket, operation)
}
