use futures_util::{StreamExt, TryStreamExt, stream};
use store::{
    Bucket, ListEntry, ListObjects, ListPage, ListUploads, ListVersions, Missing, ObjectSummary, OpenOptions,
    StoreError, StoreErrorKind, UploadEntry, UploadPage, VersionEntry, VersionPage, VersionState,
};
use types::{Context, ETag, ObjectKey, VersionId};

use super::core::{Core, Place, stored};
use crate::state::Entry;

/// Objects that a listing looks at side by side, where the index does not know them.
const LOOKS_AT_ONCE: usize = 16;
const OPERATION: &str = "list";

/// An object of a listing that is to be shown as it is inside.
struct Listed {
    place: Place,
    version_id: Option<VersionId>,
    etag: ETag,
    stored_bytes: u64,
}

/// What becomes of an entry.
#[allow(clippy::large_enum_variant, reason = "most are of the large kind")]
enum Filled {
    /// It is this.
    Known(Entry),
    /// It cannot be opened; so large it is, as far as its bytes tell.
    Closed(u64),
    /// It has gone meanwhile.
    Gone,
}

impl Core {
    pub(super) async fn list(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let mut page = self.visible(cx, bucket, options).await?;
        let listed = page.entries.iter().filter_map(|(entry, name)| match entry {
            ListEntry::Object(object) => Some(listed(object, name, None)),
            ListEntry::Prefix(_) => None,
        });
        let mut filled = self.fill(cx, bucket, listed.collect()).await?.into_iter();
        page.entries.retain_mut(|(entry, _)| match entry {
            ListEntry::Object(object) => filled.next().is_some_and(|filled| show(object, filled)),
            ListEntry::Prefix(_) => true,
        });
        let entries = page.entries.into_iter().map(|(entry, _)| entry).collect();
        Ok(ListPage { entries, more: page.more })
    }

    pub(super) async fn list_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let mut page = self.visible(cx, bucket, options).await?;
        let listed = page.entries.iter().filter_map(|(entry, name)| {
            object_of(entry).map(|(object, version)| listed(object, name, Some(version.clone())))
        });
        let mut filled = self.fill(cx, bucket, listed.collect()).await?.into_iter();
        page.entries.retain_mut(|(entry, _)| match entry {
            VersionEntry::Version(version) => match &mut version.state {
                VersionState::Object(object) => filled.next().is_some_and(|filled| show(object, filled)),
                VersionState::DeleteMarker => true,
            },
            VersionEntry::Prefix(_) => true,
        });
        let entries = page.entries.into_iter().map(|(entry, _)| entry).collect();
        Ok(VersionPage { entries, more: page.more })
    }

    pub(super) async fn list_uploads(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListUploads,
    ) -> Result<UploadPage, StoreError> {
        let page = self.visible(cx, bucket, options).await?;
        let mut entries: Vec<UploadEntry> = page.entries.into_iter().map(|(entry, _)| entry).collect();
        let ids = entries.iter().filter_map(|entry| match entry {
            UploadEntry::Upload(upload) => Some(&upload.upload_id),
            UploadEntry::Prefix(_) => None,
        });
        let ids: Vec<_> = ids.collect();
        let records = self.uploads.records(bucket.handle, &ids, "list uploads").await?;
        let mut records = records.into_iter();
        for entry in &mut entries {
            let UploadEntry::Upload(upload) = entry else { continue };
            let record = records.next().flatten();
            upload.checksum =
                record.and_then(|record| record.checksum).map(|named| (named.algorithm, named.kind));
        }
        Ok(UploadPage { entries, more: page.more })
    }

    /// What the objects of a page are inside: from the index, else from a look at them, several side by side. Each look is
    /// bounded, and what it finds stands in the index from then on.
    async fn fill(
        &self,
        cx: &Context,
        bucket: &Bucket,
        objects: Vec<Listed>,
    ) -> Result<Vec<Filled>, StoreError> {
        let rows: Vec<_> = objects.iter().map(|object| stored(bucket, &object.place, &object.etag)).collect();
        let known = self.index.get_many(&rows).await;
        let one = |(object, known): (&Listed, Option<Entry>)| {
            let known = known.filter(|entry| entry.stored_bytes() == object.stored_bytes);
            let object = (object.place.clone(), object.version_id.clone());
            async move {
                match known {
                    Some(entry) => Ok(Filled::Known(entry)),
                    None => self.fill_one(cx, bucket, object).await,
                }
            }
        };
        let looks: Vec<_> = objects.iter().zip(known).map(one).collect();
        stream::iter(looks).buffered(LOOKS_AT_ONCE).try_collect().await
    }

    async fn fill_one(
        &self,
        cx: &Context,
        bucket: &Bucket,
        (place, version_id): (Place, Option<VersionId>),
    ) -> Result<Filled, StoreError> {
        let options = OpenOptions { version_id, ..OpenOptions::default() };
        let opened = match self.inner.open(cx, bucket, &place.stored, options).await {
            Err(error) => match error.kind {
                StoreErrorKind::Missing(Missing::Key | Missing::Version)
                | StoreErrorKind::DeleteMarker { .. } => return Ok(Filled::Gone),
                _ => return Err(error),
            },
            Ok(opened) => opened,
        };
        match self.look(cx, (bucket, &place), &opened, OPERATION).await {
            Ok(found) => Ok(Filled::Known(found.entry)),
            // One object that cannot be opened does not hide the others.
            Err(error) if matches!(error.kind, StoreErrorKind::Corrupt | StoreErrorKind::Forbidden(_)) => {
                Ok(Filled::Closed(self.size_told(&opened).await))
            }
            Err(error) => Err(error),
        }
    }
}

fn object_of(entry: &VersionEntry) -> Option<(&ObjectSummary, &VersionId)> {
    match entry {
        VersionEntry::Version(version) => match &version.state {
            VersionState::Object(object) => Some((object, &version.version_id)),
            VersionState::DeleteMarker => None,
        },
        VersionEntry::Prefix(_) => None,
    }
}

fn listed(object: &ObjectSummary, stored_name: &str, version_id: Option<VersionId>) -> Listed {
    // Names come from the store beneath, so they are keys.
    let stored = ObjectKey::new(stored_name).unwrap_or_else(|_| object.key.clone());
    let place = Place { plain: object.key.clone(), stored };
    Listed { place, version_id, etag: object.etag.clone(), stored_bytes: object.size_bytes }
}

/// Shows an entry as it is inside; false where it has gone.
fn show(object: &mut ObjectSummary, filled: Filled) -> bool {
    match filled {
        Filled::Gone => return false,
        Filled::Known(Entry::Foreign { .. }) => {}
        Filled::Closed(size_bytes) => (object.size_bytes, object.checksum) = (size_bytes, None),
        Filled::Known(Entry::Sealed(entry)) => {
            object.etag = entry.etag;
            object.size_bytes = entry.size_bytes;
            object.checksum = entry.checksum.map(|checksum| (checksum.algorithm, checksum.kind));
        }
    }
    true
}
