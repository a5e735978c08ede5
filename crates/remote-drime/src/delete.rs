use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use store::{Bucket, DeleteOptions, DeleteOutcome, DeleteTarget, Missing, StoreError, WriteCondition};
use types::{Context, ObjectKey, VersionId};

use crate::api::{ApiError, Entry, Fate};
use crate::drive::{Drive, to_the_end};
use crate::place::Place;
use crate::tree::{Found, split};

const OPERATION: &str = "delete object";
/// How many objects of one call are deleted at once.
const AT_ONCE: usize = 16;

impl Drive {
    pub(crate) async fn delete(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.admit(&options.condition, OPERATION)?;
        let (drive, cx, place) = (self.clone(), *cx, self.place(bucket, key));
        to_the_end(OPERATION, async move {
            let outcome = drive.delete_one(&cx, &place, &options).await?;
            drive.prune(&cx, place.lane, place.folder, split(place.key.as_str()).0).await;
            Ok(outcome)
        })
        .await
    }

    /// Deletes at most so many at once; folders that become empty go afterwards, each once.
    pub(crate) async fn delete_many(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        let (drive, cx, bucket) = (self.clone(), *cx, bucket.clone());
        to_the_end(OPERATION, async move {
            let keys: HashSet<&ObjectKey> = targets.iter().map(|target| &target.key).collect();
            // One after the other where the order is to be seen.
            let at_once = if keys.len() == targets.len() { AT_ONCE } else { 1 };
            let work: Vec<_> = targets
                .iter()
                .map(|target| drive.clone().delete_target(cx, bucket.clone(), target.clone()))
                .collect();
            let outcomes: Vec<_> = stream::iter(work).buffered(at_once).collect().await;
            let dirs: HashSet<&str> = targets.iter().map(|target| split(target.key.as_str()).0).collect();
            let (lane, folder) = (drive.lane(&bucket), drive.bucket_folder(&bucket));
            for dir in dirs {
                drive.prune(&cx, lane, folder, dir).await;
            }
            Ok(outcomes)
        })
        .await
    }

    async fn delete_target(
        self: Arc<Self>,
        cx: Context,
        bucket: Bucket,
        target: DeleteTarget,
    ) -> Result<DeleteOutcome, StoreError> {
        self.admit(&target.options.condition, OPERATION)?;
        self.delete_one(&cx, &self.place(&bucket, &target.key), &target.options).await
    }

    async fn delete_one(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        options: &DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        if let Some(VersionId::Id(_)) = options.version_id {
            return match options.condition {
                WriteCondition::Always => Ok(DeleteOutcome::default()),
                _ => Err(StoreError::missing(Missing::Version, OPERATION)),
            };
        }
        let outcome = DeleteOutcome { version_id: options.version_id.clone(), delete_marker: false };
        let _turn = self.turn(cx, place, &options.condition, OPERATION).await?;
        let found = self.look(cx, place.lane, place.folder, place.key.as_str()).await;
        match found.map_err(ApiError::into_store)? {
            None => return Ok(outcome),
            Some(Found::EmptyFolder(entry)) => self.remove_folder(cx, place, &entry).await?,
            Some(Found::File { entry, older }) => {
                // The oldest first: what is left by a crash is still the object.
                for entry in older.iter().map(|node| &node.entry).chain([&entry]) {
                    let removed = self.remove_entry(cx, place.lane, entry, Fate::Forever).await;
                    removed.map_err(ApiError::into_store)?;
                }
                self.ledger.remove_identity(&place.bucket.name, &place.key).await?;
            }
        }
        Ok(outcome)
    }

    /// An empty folder is its own marker. It goes to the trash, with whatever somebody else puts there just now.
    async fn remove_folder(&self, cx: &Context, place: &Place, entry: &Entry) -> Result<(), StoreError> {
        let folder = crate::api::FolderId::Entry(entry.id);
        let Some(_closed) = self.gates.try_close(folder) else { return Ok(()) };
        self.remove_entry(cx, place.lane, entry, Fate::Trash).await.map_err(ApiError::into_store)
    }
}
