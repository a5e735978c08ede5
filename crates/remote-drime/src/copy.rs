use std::sync::Arc;

use remote::IdentityRecord;
use store::{
    Bucket, CopyOptions, CopySource, Directive, Missing, ObjectIdentity, PutOutcome, StoreError,
    StoreErrorKind,
};
use types::{
    Body, ByteRange, ChecksumAlgorithm, ChecksumKind, Context, ExpectedChecksum, ExpectedDigests, ObjectKey,
    ObjectMetadata,
};

use crate::api::{ApiError, ApiErrorKind, Entry, Fate, FolderId, Lane, Made};
use crate::drive::{Drive, to_the_end};
use crate::folders::{Freshness, Label};
use crate::identity::Known;
use crate::open::{File, lasting};
use crate::place::{Identified, Place};
use crate::put::{Incoming, Proof};
use crate::table::PartTable;
use crate::tree::Room;

const OPERATION: &str = "copy object";
/// The folder in which copies get their names before they are moved to where they show. No bucket can be called so.
pub(crate) const STAGING: &str = ".sluice-staging";

impl Drive {
    pub(crate) async fn copy(
        self: &Arc<Self>,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.admit(&options.condition, OPERATION)?;
        let (from, to) = (self.place(&source.bucket, &source.key), self.place(bucket, key));
        let known = self.source(cx, source, OPERATION).await?;
        let metadata = metadata_of(&known, &options);
        if let Some(algorithm) = other_checksum(&known, options.checksum) {
            return self.copy_through(cx, (&from, &to), known, metadata, (options, Some(algorithm))).await;
        }
        if from.folder == to.folder && from.key == to.key && !known.entry.is_folder {
            return self.copy_onto_itself(cx, &to, &source.etag, metadata, &options).await;
        }
        if known.entry.size_bytes == 0 {
            return self.copy_through(cx, (&from, &to), known, metadata, (options, None)).await;
        }
        let (drive, cx) = (self.clone(), cx.clone());
        let places = (from, to);
        to_the_end(OPERATION, async move {
            let (from, to) = &places;
            let copied = drive.copy_natively(&cx, to, &known, &metadata, &options).await;
            match copied {
                Ok(outcome) => Ok(outcome),
                Err(NotCopied::Failed(error)) => {
                    drive.prune(&cx, to.lane, to.folder, crate::tree::split(to.key.as_str()).0).await;
                    Err(error)
                }
                Err(NotCopied::Refused) => {
                    drive.folders.doubt(known.entry.parent, known.entry.id);
                    let now = drive.known(&cx, from, OPERATION).await?;
                    match now.entry.id == known.entry.id {
                        true => drive.copy_through(&cx, (from, to), known, metadata, (options, None)).await,
                        false => Err(StoreError::new(StoreErrorKind::Conflict, OPERATION)),
                    }
                }
            }
        })
        .await
    }

    /// Other metadata for the same bytes: nothing moves on the drive.
    async fn copy_onto_itself(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        etag: &types::ETag,
        metadata: ObjectMetadata,
        options: &CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        let _turn = self.turn(cx, place, &options.condition, OPERATION).await?;
        let known = self.known(cx, place, OPERATION).await?;
        if known.etag() != *etag {
            return Err(StoreError::new(StoreErrorKind::Conflict, OPERATION));
        }
        let record = known.with_metadata(metadata);
        self.ledger.put_identity(&place.bucket.name, &place.key, &known.entry.version(), &record).await?;
        Ok(PutOutcome {
            etag: record.etag,
            version_id: None,
            checksum: record.checksum,
            size_bytes: known.entry.size_bytes,
            modified_at: known.entry.updated_at,
        })
    }

    /// The drive copies the file itself: into a folder of ours, where it gets its name, and from there to its place, so that
    /// it shows at once and as what it is.
    async fn copy_natively(
        self: &Arc<Self>,
        cx: &Context,
        to: &Place,
        known: &Known,
        metadata: &ObjectMetadata,
        options: &CopyOptions,
    ) -> Result<PutOutcome, NotCopied> {
        let failed = |error: ApiError| NotCopied::Failed(error.into_store());
        let staging = self.staging(cx, to.lane).await.map_err(failed)?;
        let copy = match self.api.duplicate(cx, to.lane, known.entry.id, staging).await {
            Err(error) if error.is_refusal() => {
                self.folders.forget(staging);
                return Err(NotCopied::Refused);
            }
            copy => copy.map_err(failed)?,
        };
        let room =
            self.make_room(cx, to.lane, to.folder, to.key.as_str()).await.map_err(NotCopied::Failed)?;
        let turn = self.turn(cx, to, &options.condition, OPERATION).await;
        let placed = match turn {
            Ok(turn) => self
                .put_in_place(cx, to.lane, &room, copy.clone())
                .await
                .map(|entry| (entry, turn))
                .map_err(failed),
            Err(error) => Err(NotCopied::Failed(error)),
        };
        match placed {
            Ok((entry, _turn)) if entry.size_bytes == known.entry.size_bytes => {
                let record = carried(known, metadata.clone(), &entry);
                self.settle(cx, to, &room, entry, record).await.map_err(NotCopied::Failed)
            }
            failure => {
                let undone = self.api.delete(cx, to.lane, copy.id, Fate::Forever).await;
                if let Err(error) = undone {
                    tracing::warn!(%error, "a copy that failed could not be removed");
                }
                Err(failure.err().unwrap_or_else(|| {
                    NotCopied::Failed(StoreError::new(StoreErrorKind::Conflict, OPERATION))
                }))
            }
        }
    }

    /// Names a copy and moves it to its folder.
    async fn put_in_place(
        &self,
        cx: &Context,
        lane: Lane,
        room: &Room,
        copy: Entry,
    ) -> Result<Entry, ApiError> {
        let named = match copy.name == room.name {
            true => copy,
            false => self.api.rename(cx, lane, copy.id, &room.name).await?,
        };
        let moved = self.api.relocate(cx, lane, named.id, room.folder).await?;
        match moved.parent == room.folder && moved.name == room.name {
            true => Ok(moved),
            false => Err(ApiError::new(ApiErrorKind::Ambiguous, "move an entry")),
        }
    }

    /// The bytes pass through here: another checksum is asked for, or the drive does not copy.
    async fn copy_through(
        self: &Arc<Self>,
        cx: &Context,
        (from, to): (&Place, &Place),
        known: Known,
        metadata: ObjectMetadata,
        (options, algorithm): (CopyOptions, Option<ChecksumAlgorithm>),
    ) -> Result<PutOutcome, StoreError> {
        let range = ByteRange::whole(known.entry.size_bytes);
        let _passage = self.budget.passage().await;
        let body = match range.is_empty() {
            true => Body::empty(),
            false => {
                let file = Arc::new(File::new(self.clone(), cx.clone(), from.lane, known.entry.clone()));
                let fetched = file.fetch(range).await.map_err(|error| match error.kind {
                    ApiErrorKind::Gone => StoreError::missing(Missing::Key, OPERATION),
                    _ => error.into_store(),
                })?;
                lasting(&file, range, fetched.body)
            }
        };
        let table = PartTable { parts: known.parts(OPERATION)? };
        let (body, proof) = match (&known.identity, algorithm) {
            (Some(identity), None) => {
                let identity = ObjectIdentity {
                    etag: identity.etag.clone(),
                    checksum: identity.checksum,
                    part_sizes: identity.part_sizes.clone(),
                };
                let table = if identity.part_sizes.is_empty() { PartTable::default() } else { table };
                (body, Proof::Given(Identified { identity, table }))
            }
            _ => {
                let checksum = algorithm.map_or(ExpectedChecksum::Default, ExpectedChecksum::Compute);
                let expected = ExpectedDigests { checksum, ..ExpectedDigests::default() };
                let (body, receipt) = hash::Ingest::wrap(body, expected);
                (body, Proof::Computed(receipt))
            }
        };
        let incoming = Incoming { body, proof, metadata, condition: options.condition };
        self.receive(cx, to.clone(), incoming).await
    }

    /// The folder in which copies wait, made where it is not there yet.
    pub(crate) async fn staging(&self, cx: &Context, lane: Lane) -> Result<FolderId, ApiError> {
        if let Some(folder) = self.find_staging(cx, lane).await? {
            return Ok(folder);
        }
        let _making = self.makers.hold(FolderId::Root).await;
        if let Some(folder) = self.find_staging(cx, lane).await? {
            return Ok(folder);
        }
        match self.api.make_folder(cx, lane, FolderId::Root, STAGING).await? {
            Made::New(folder) => {
                let id = FolderId::Entry(folder.id);
                self.folders.show(folder);
                Ok(id)
            }
            Made::Taken => {
                let now = Freshness::After(tokio::time::Instant::now());
                self.content(cx, lane, FolderId::Root, now).await?;
                let found = self.find_staging(cx, lane).await?;
                found.ok_or_else(|| ApiError::new(ApiErrorKind::Unprocessable, "make a folder"))
            }
        }
    }

    pub(crate) async fn find_staging(&self, cx: &Context, lane: Lane) -> Result<Option<FolderId>, ApiError> {
        let top = self.content(cx, lane, FolderId::Root, Freshness::Recent).await?;
        let found = top.find(&Label::Folder(STAGING.to_owned()));
        Ok(found.iter().map(|node| FolderId::Entry(node.entry.id)).min())
    }
}

/// Why the drive did not copy.
enum NotCopied {
    /// It does not copy this, or at all.
    Refused,
    Failed(StoreError),
}

fn metadata_of(known: &Known, options: &CopyOptions) -> ObjectMetadata {
    let kept = known.metadata();
    let tags = match &options.tags {
        Directive::Copy => kept.tags.clone(),
        Directive::Replace(tags) => tags.clone(),
    };
    match &options.metadata {
        Directive::Replace(metadata) => ObjectMetadata { tags, ..metadata.clone() },
        Directive::Copy => {
            let storage_class = options.storage_class.unwrap_or(kept.storage_class);
            ObjectMetadata { tags, storage_class, ..kept }
        }
    }
}

/// The checksum that is asked for and that the source does not bear over all its bytes.
fn other_checksum(known: &Known, asked: Option<ChecksumAlgorithm>) -> Option<ChecksumAlgorithm> {
    let kept = known.identity.as_ref().and_then(|identity| identity.checksum);
    let has = |algorithm| {
        kept.is_some_and(|kept| kept.algorithm == algorithm && kept.kind == ChecksumKind::FullObject)
    };
    asked.filter(|algorithm| !has(*algorithm))
}

/// What is recorded of a copy of the same bytes. A tag that was made up for the source is made up for the copy.
fn carried(known: &Known, metadata: ObjectMetadata, copy: &Entry) -> IdentityRecord {
    let record = known.with_metadata(metadata);
    match known.identity {
        Some(_) => record,
        None => IdentityRecord { etag: crate::identity::dressed(copy), ..record },
    }
}
