use std::sync::Arc;

use remote::IdentityRecord;
use store::{Bucket, Missing, ObjectIdentity, PutOutcome, StoreError, WriteCondition};
use tokio::sync::OwnedMutexGuard;
use types::{Context, ObjectKey, ObjectMetadata};

use crate::api::{ApiError, Entry, EntryId, Fate, FolderId, Lane};
use crate::drive::{Drive, decide};
use crate::identity::Known;
use crate::table::PartTable;
use crate::tree::{Found, Room};

/// Where an object is or is to be.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) bucket: Bucket,
    pub(crate) key: ObjectKey,
    /// The bucket's folder.
    pub(crate) folder: FolderId,
    pub(crate) lane: Lane,
}

/// An identity with its parts.
#[derive(Debug, Clone)]
pub(crate) struct Identified {
    pub(crate) identity: ObjectIdentity,
    pub(crate) table: PartTable,
}

impl Identified {
    pub(crate) fn record(self, metadata: ObjectMetadata) -> IdentityRecord {
        IdentityRecord {
            etag: self.identity.etag,
            checksum: self.identity.checksum,
            part_sizes: self.identity.part_sizes,
            metadata: Some(metadata),
            provider: self.table.encode(),
        }
    }
}

impl Drive {
    pub(crate) fn place(&self, bucket: &Bucket, key: &ObjectKey) -> Place {
        let (folder, lane) = (self.bucket_folder(bucket), self.lane(bucket));
        Place { bucket: bucket.clone(), key: key.clone(), folder, lane }
    }

    /// What is known of the object at a place.
    pub(crate) async fn known(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        operation: &'static str,
    ) -> Result<Known, StoreError> {
        match self.lookup(cx, place.lane, place.folder, &place.key, operation).await? {
            Found::EmptyFolder(entry) => Ok(Known { entry, identity: None }),
            Found::File { entry, .. } => {
                let version = entry.version();
                let identity = self.ledger.identity(&place.bucket.name, &place.key, &version).await?;
                Ok(Known { entry, identity })
            }
        }
    }

    /// As [`Drive::known`], for who does not have the place's turn: a file whose identity is not recorded may be one that is
    /// just being put in place, so it is looked at again when that is done.
    pub(crate) async fn known_settled(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        operation: &'static str,
    ) -> Result<Known, StoreError> {
        let known = self.known(cx, place, operation).await?;
        if known.identity.is_some() || known.entry.is_folder {
            return Ok(known);
        }
        let _turn = self.keys.hold((place.folder, place.key.clone())).await;
        self.known(cx, place, operation).await
    }

    /// As [`Drive::known`], `None` where there is no object.
    pub(crate) async fn known_or_none(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        operation: &'static str,
    ) -> Result<Option<Known>, StoreError> {
        match self.known(cx, place, operation).await {
            Ok(known) => Ok(Some(known)),
            Err(error) => match error.kind {
                store::StoreErrorKind::Missing(Missing::Key) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// Waits for the turn to show an object at a place, and decides the condition.
    pub(crate) async fn turn(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        condition: &WriteCondition,
        operation: &'static str,
    ) -> Result<OwnedMutexGuard<()>, StoreError> {
        let held = self.keys.hold((place.folder, place.key.clone())).await;
        self.hold_condition(cx, place, condition, operation).await?;
        Ok(held)
    }

    /// Decides a condition by what is there now.
    pub(crate) async fn hold_condition(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        condition: &WriteCondition,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        if *condition == WriteCondition::Always {
            return Ok(());
        }
        let etag = self.known_or_none(cx, place, operation).await?.map(|known| known.etag());
        decide(condition, etag.as_ref(), operation)
    }

    /// Puts an entry that has just been made right where the service has given it another name or place.
    pub(crate) async fn put_right(
        &self,
        cx: &Context,
        lane: Lane,
        room: &Room,
        entry: Entry,
    ) -> Result<Entry, ApiError> {
        if entry.parent != room.folder {
            // The folder was not the one that we took it for.
            self.api.delete(cx, lane, entry.id, Fate::Forever).await?;
            self.paths.forget(room.folder);
            self.folders.forget(room.folder);
            return Err(ApiError::new(crate::api::ApiErrorKind::Gone, "upload a file"));
        }
        if entry.name == room.name {
            return Ok(entry);
        }
        self.api.rename(cx, lane, entry.id, &room.name).await
    }

    /// Makes a file that is on the drive the object at its place: records its identity and removes those that it replaces.
    /// The caller has the place's turn.
    pub(crate) async fn settle(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        room: &Room,
        entry: Entry,
        record: IdentityRecord,
    ) -> Result<PutOutcome, StoreError> {
        self.folders.show(entry.clone());
        let outcome = PutOutcome {
            etag: record.etag.clone(),
            version_id: None,
            checksum: record.checksum,
            size_bytes: entry.size_bytes,
            modified_at: entry.updated_at,
        };
        let others = self.others(cx, place, entry.id).await.map_err(ApiError::into_store)?;
        if others.iter().any(|other| other.id > entry.id) {
            // A writer that came after us was faster: what it wrote is the object.
            self.remove_entry(cx, place.lane, &entry, Fate::Forever).await.map_err(ApiError::into_store)?;
            return Ok(outcome);
        }
        self.ledger.put_identity(&place.bucket.name, &place.key, &entry.version(), &record).await?;
        for other in others {
            self.remove_entry(cx, place.lane, &other, Fate::Forever).await.map_err(ApiError::into_store)?;
        }
        self.fill(&room.way.folders).await?;
        Ok(outcome)
    }

    /// The other files of a place's name.
    pub(crate) async fn others(
        &self,
        cx: &Context,
        place: &Place,
        but: EntryId,
    ) -> Result<Vec<Entry>, ApiError> {
        let found = self.look(cx, place.lane, place.folder, place.key.as_str()).await?;
        let Some(Found::File { entry, older }) = found else { return Ok(Vec::new()) };
        let all = older.iter().map(|node| node.entry.clone()).chain([entry]);
        Ok(all.filter(|entry| entry.id != but).collect())
    }
}
