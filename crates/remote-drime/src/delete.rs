use std::collections::HashSet;
use std::sync::Arc;

use store::{Bucket, DeleteOptions, DeleteOutcome, DeleteTarget, Missing, StoreError, WriteCondition};
use types::{Context, ObjectKey, VersionId};

use crate::api::{ApiError, Deleted, Entry, EntryId, Fate};
use crate::drive::{Drive, to_the_end};
use crate::place::Place;
use crate::tree::{Found, split};

const OPERATION: &str = "delete object";
/// How many objects are deleted in one call of the drive's.
const TOGETHER: usize = 100;

impl Drive {
    pub(crate) async fn delete(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        self.admit(&options.condition, OPERATION)?;
        let (drive, cx, place) = (self.clone(), cx.clone(), self.place(bucket, key));
        to_the_end(OPERATION, async move {
            let outcome = drive.delete_one(&cx, &place, &options).await?;
            drive.prune(&cx, place.lane, place.folder, split(place.key.as_str()).0).await;
            Ok(outcome)
        })
        .await
    }

    /// Plain deletes go together, a hundred in a call; where order or a condition is to be seen, one after the other. Folders
    /// that become empty go afterwards, each once.
    pub(crate) async fn delete_many(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Result<Vec<Result<DeleteOutcome, StoreError>>, StoreError> {
        let (drive, cx, bucket) = (self.clone(), cx.clone(), bucket.clone());
        to_the_end(OPERATION, async move {
            let keys: HashSet<&ObjectKey> = targets.iter().map(|target| &target.key).collect();
            let is_plain = keys.len() == targets.len()
                && targets.iter().all(|target| target.options == DeleteOptions::default());
            let outcomes = match is_plain {
                true => drive.delete_together(&cx, &bucket, &targets).await,
                false => drive.delete_in_order(&cx, &bucket, &targets).await,
            };
            let dirs: HashSet<&str> = targets.iter().map(|target| split(target.key.as_str()).0).collect();
            let (lane, folder) = (drive.lane(&bucket), drive.bucket_folder(&bucket));
            for dir in dirs {
                drive.prune(&cx, lane, folder, dir).await;
            }
            Ok(outcomes)
        })
        .await
    }

    async fn delete_in_order(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        targets: &[DeleteTarget],
    ) -> Vec<Result<DeleteOutcome, StoreError>> {
        let mut outcomes = Vec::with_capacity(targets.len());
        for target in targets {
            let outcome = match self.admit(&target.options.condition, OPERATION) {
                Ok(()) => self.delete_one(cx, &self.place(bucket, &target.key), &target.options).await,
                Err(error) => Err(error),
            };
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn delete_together(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        targets: &[DeleteTarget],
    ) -> Vec<Result<DeleteOutcome, StoreError>> {
        let mut outcomes = Vec::with_capacity(targets.len());
        for targets in targets.chunks(TOGETHER) {
            if let Err(error) = self.delete_chunk(cx, bucket, targets).await {
                // One by one each has its own outcome.
                tracing::debug!(%error, "objects are deleted one by one");
                outcomes.extend(self.delete_in_order(cx, bucket, targets).await);
                continue;
            }
            outcomes.extend(targets.iter().map(|_| Ok(DeleteOutcome::default())));
        }
        outcomes
    }

    /// Deletes objects in one call; an error says nothing of which of them are gone.
    async fn delete_chunk(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        targets: &[DeleteTarget],
    ) -> Result<(), StoreError> {
        let places: Vec<Place> = targets.iter().map(|target| self.place(bucket, &target.key)).collect();
        // In order of keys: two calls that want the same turns never wait for each other.
        let mut sorted: Vec<&Place> = places.iter().collect();
        sorted.sort_by(|a, b| a.key.cmp(&b.key));
        let mut turns = Vec::with_capacity(sorted.len());
        for place in &sorted {
            turns.push(self.keys.hold((place.folder, place.key.clone())).await);
        }
        let lane = self.lane(bucket);
        let mut files = Vec::new();
        for place in sorted {
            match self.look(cx, lane, place.folder, place.key.as_str()).await.map_err(ApiError::into_store)? {
                None => {}
                Some(Found::EmptyFolder(entry)) => self.remove_folder(cx, place, &entry).await?,
                Some(Found::File { entry, older }) => {
                    for node in older {
                        let removed = self.remove_entry(cx, lane, &node.entry, Fate::Forever).await;
                        removed.map_err(ApiError::into_store)?;
                    }
                    files.push((place, entry));
                }
            }
        }
        if files.is_empty() {
            return Ok(());
        }
        let ids: Vec<EntryId> = files.iter().map(|(_, entry)| entry.id).collect();
        let deleted = self.api.delete_all(cx, lane, &ids).await.map_err(ApiError::into_store)?;
        for (place, entry) in files {
            match deleted {
                Deleted::All => self.folders.bury(Some(entry.parent), entry.id),
                Deleted::Perhaps => {
                    let removed = self.remove_entry(cx, lane, &entry, Fate::Forever).await;
                    removed.map_err(ApiError::into_store)?;
                }
            }
            self.ledger.remove_identity(&place.bucket.name, &place.key).await?;
        }
        Ok(())
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
