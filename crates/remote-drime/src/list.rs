use std::collections::HashMap;
use std::sync::Arc;

use remote::{Fold, Folded, IdentityRecord};
use store::{
    Bucket, ListEntry, ListObjects, ListPage, ListVersions, ObjectSummary, StoreError, VersionEntry,
    VersionPage, VersionState, VersionSummary,
};
use types::{Context, ObjectKey, StorageClass, VersionId};

use crate::api::{ApiError, Entry};
use crate::drive::Drive;
use crate::identity;
use crate::tree::{From, Stop, Walk};

/// How many identities are looked up at once.
const IDENTITIES_AT_ONCE: usize = 256;

impl Drive {
    pub(crate) async fn list(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let mut fold = Fold::new(options.clone());
        let files = self.walk(cx, bucket, &options, &mut fold).await.map_err(ApiError::into_store)?;
        let mut page = fold.finish();
        self.identify(bucket, &mut page, &files).await?;
        Ok(page)
    }

    /// Lets a walk fill the page, and returns the entries of the objects in it.
    async fn walk(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: &ListObjects,
        fold: &mut Fold,
    ) -> Result<HashMap<ObjectKey, Entry>, ApiError> {
        let (folder, lane) = (self.bucket_folder(bucket), self.lane(bucket));
        let from = From { bucket: folder, prefix: &options.prefix, after: options.after.as_ref() };
        let mut walk = Walk::begin(self, cx, lane, from).await?;
        let mut files = HashMap::new();
        while let Some(stop) = walk.next().await? {
            let folded = match stop {
                Stop::Folder(path) => match common_prefix(options, &path).filter(|_| walk.covers(&path)) {
                    Some(prefix) => fold.push_prefix(prefix),
                    None => {
                        walk.descend().await?;
                        continue;
                    }
                },
                Stop::Object(key, entry) => {
                    // A path on the drive may be longer than any key; nobody can ask for such an object.
                    let Ok(key) = ObjectKey::new(&key) else { continue };
                    let summary = summary(&key, &entry);
                    files.insert(key, entry);
                    fold.push(summary)
                }
            };
            match folded {
                Folded::Next => {}
                Folded::SkipPrefix(prefix) => walk.skip(&prefix),
                Folded::Full => break,
            }
        }
        Ok(files)
    }

    /// Gives the objects of a page what the ledger knows of them.
    async fn identify(
        &self,
        bucket: &Bucket,
        page: &mut ListPage,
        files: &HashMap<ObjectKey, Entry>,
    ) -> Result<(), StoreError> {
        let mut objects: Vec<&mut ObjectSummary> = page
            .entries
            .iter_mut()
            .filter_map(|entry| match entry {
                ListEntry::Object(object) => Some(object),
                ListEntry::Prefix(_) => None,
            })
            .collect();
        for objects in objects.chunks_mut(IDENTITIES_AT_ONCE) {
            let version = |key: &ObjectKey| files.get(key).map(Entry::version).unwrap_or_default();
            let wanted: Vec<(ObjectKey, String)> =
                objects.iter().map(|object| (object.key.clone(), version(&object.key))).collect();
            let found = self.ledger.identities(&bucket.name, &wanted).await?;
            for (object, identity) in objects.iter_mut().zip(found) {
                if let Some(identity) = identity {
                    recognise(object, identity);
                }
            }
        }
        Ok(())
    }

    /// Without versions every object is the null version of its key.
    pub(crate) async fn list_versions(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let options = ListObjects {
            prefix: options.prefix,
            delimiter: options.delimiter,
            after: options.after,
            limit: options.limit,
        };
        let page = self.list(cx, bucket, options).await?;
        let entries = page.entries.into_iter().map(|entry| match entry {
            ListEntry::Prefix(prefix) => VersionEntry::Prefix(prefix),
            ListEntry::Object(object) => VersionEntry::Version(VersionSummary {
                key: object.key.clone(),
                version_id: VersionId::Null,
                is_latest: true,
                modified_at: object.modified_at,
                state: VersionState::Object(object),
            }),
        });
        Ok(VersionPage { entries: entries.collect(), more: page.more })
    }
}

/// What all keys in a folder fold to, where they do.
fn common_prefix(options: &ListObjects, path: &str) -> Option<String> {
    let delimiter = options.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?;
    let rest = path.strip_prefix(options.prefix.as_str())?;
    let place = rest.find(delimiter)?;
    Some(path[..options.prefix.len() + place + delimiter.len()].to_owned())
}

fn summary(key: &ObjectKey, entry: &Entry) -> ObjectSummary {
    ObjectSummary {
        key: key.clone(),
        etag: identity::dressed(entry),
        size_bytes: entry.size_bytes,
        modified_at: entry.updated_at,
        storage_class: StorageClass::Standard,
        checksum: None,
    }
}

fn recognise(object: &mut ObjectSummary, identity: IdentityRecord) {
    object.etag = identity.etag;
    object.checksum = identity.checksum.map(|checksum| (checksum.algorithm, checksum.kind));
    object.storage_class =
        identity.metadata.map_or(StorageClass::Standard, |metadata| metadata.storage_class);
}
