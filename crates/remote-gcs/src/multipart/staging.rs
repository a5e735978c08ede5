//! Where parts wait: names under the reserved prefix, and a note in the ledger that they are there.

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::{StreamExt, stream};
use http::Method;
use remote::{RemoteErrorKind, UploadRecord};
use store::{
    Bucket, ListUploads, Missing, Position, StoreError, StoreErrorKind, UploadEntry, UploadId, UploadRef,
};
use types::{BucketName, Context};

use crate::api::{Query, failed, object_path};
use crate::list::{Range, Versions};
use crate::names::RESERVED;
use crate::store::GcsStore;

/// How many names are removed at once.
const AT_ONCE: usize = 32;
/// The most names of one page.
const PAGE_MAX: usize = 1000;
const CLEAN: &str = "remove the parts of an upload";

/// How the parts of an upload become an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// By an upload in parts of the XML API, under this id, to a waiting name.
    Xml(String),
    /// By composing waiting objects.
    Compose,
}

impl Mode {
    /// The mode as the upload's record keeps it.
    pub(super) fn write(&self) -> Vec<u8> {
        match self {
            Self::Xml(id) => [b"x", id.as_bytes()].concat(),
            Self::Compose => b"c".to_vec(),
        }
    }

    /// Reads what [`Mode::write`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.split_first() {
            Some((b'x', id)) => String::from_utf8(id.to_vec()).map(Self::Xml).map_err(|_| corrupt()),
            Some((b'c', [])) => Ok(Self::Compose),
            _ => Err(corrupt()),
        }
    }
}

fn corrupt() -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "read an upload's record")
}

/// What all waiting names of an upload begin with.
pub(super) fn prefix_of(id: &UploadId) -> String {
    format!("{RESERVED}{id}/")
}

/// The waiting name of all parts together.
pub(super) fn whole_of(id: &UploadId) -> String {
    format!("{RESERVED}{id}/whole")
}

/// The name of the ledger's note that an upload may have left something.
pub(super) fn note_name(bucket: &BucketName, id: &UploadId) -> Vec<u8> {
    format!("staging/{bucket}/{id}").into_bytes()
}

/// What all notes' names begin with.
pub(super) const NOTES: &[u8] = b"staging/";

/// What the note says: the key, and how to end the upload.
pub(super) fn note(record: &UploadRecord) -> Vec<u8> {
    [record.key.as_bytes(), b"\n", &record.provider].concat()
}

impl GcsStore {
    /// Removes every name of one upload. What cannot be removed stays noted, for the next sweep.
    pub(super) async fn clean(&self, cx: &Context, bucket: &BucketName, id: &UploadId, mode: &Mode) {
        let cleaned = async {
            if let Mode::Xml(upload) = mode {
                self.abort_xml(cx, bucket.as_str(), &whole_of(id), upload).await?;
            }
            self.remove_all(cx, bucket.as_str(), &prefix_of(id)).await?;
            self.ledger.remove_value(&note_name(bucket, id)).await
        };
        if let Err(error) = cleaned.await {
            tracing::warn!(%bucket, upload = %id, %error, "parts of an ended upload stay for the next sweep");
        }
    }

    /// Removes every generation of every object under a prefix.
    pub(super) async fn remove_all(
        &self,
        cx: &Context,
        bucket: &str,
        prefix: &str,
    ) -> Result<(), StoreError> {
        let range = Range { prefix, versions: Versions::All, ..Range::default() };
        let mut first: Option<(String, String)> = None;
        loop {
            let page = self.names(cx, bucket, &range, (PAGE_MAX, None)).await?;
            let objects: Vec<(String, String)> = page
                .entries
                .into_iter()
                .filter_map(|entry| match entry {
                    crate::list::Entry::Object(resource) => Some((resource.name, resource.generation)),
                    crate::list::Entry::Prefix(_) => None,
                })
                .collect();
            if objects.is_empty() {
                return Ok(());
            }
            if first.as_ref() == objects.first() {
                const STAYS: RemoteErrorKind =
                    RemoteErrorKind::Malformed("an object that was removed is still listed");
                return Err(failed(STAYS.into(), CLEAN));
            }
            first = objects.first().cloned();
            // Boxed, so that the compiler need not tell the lifetimes of many futures apart.
            let removals: Vec<BoxFuture<'_, _>> = objects
                .iter()
                .map(|(name, generation)| self.remove_staged(cx, bucket, name, generation).boxed())
                .collect();
            let mut removals = stream::iter(removals).buffer_unordered(AT_ONCE);
            while let Some(removed) = removals.next().await {
                removed?;
            }
        }
    }

    /// Removes one generation, if it is there.
    pub(super) async fn remove_staged(
        &self,
        cx: &Context,
        bucket: &str,
        name: &str,
        generation: &str,
    ) -> Result<(), StoreError> {
        let query = Query::new().with("generation", generation);
        let request = self.api.request(Method::DELETE, &object_path(bucket, name), &query);
        let request = request.map_err(|error| failed(error, CLEAN))?;
        match self.api.ask_nothing(cx, request).await.map_err(|error| failed(error, CLEAN))? {
            Ok(()) => Ok(()),
            Err(refusal) if refusal.is_missing() => Ok(()),
            Err(refusal) => Err(refusal.into_store(CLEAN)),
        }
    }
}

/// Ends all uploads into a bucket, and whatever else waits in it: the bucket is to go.
pub(crate) async fn delete_uploads_of(
    store: &GcsStore,
    cx: &Context,
    bucket: &Bucket,
) -> Result<(), StoreError> {
    loop {
        let options = ListUploads { limit: PAGE_MAX, after: None::<Position>, ..ListUploads::default() };
        let page = store.ledger.list_uploads(&bucket.name, options).await?;
        for entry in page.entries {
            let UploadEntry::Upload(upload) = entry else { continue };
            let reference = UploadRef { bucket, key: &upload.key, id: &upload.upload_id };
            match store.abort(cx, reference).await {
                Err(error) if !matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)) => {
                    return Err(error);
                }
                _ => {}
            }
        }
        if !page.more {
            break;
        }
    }
    match store.remove_all(cx, bucket.name.as_str(), RESERVED).await {
        // The bucket is gone already: whoever removes it says so.
        Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket)) => Ok(()),
        other => other,
    }
}
