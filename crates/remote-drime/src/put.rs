use std::sync::Arc;

use bytes::Bytes;
use hash::{Ingest, Receipt};
use store::{
    Bucket, Identity, Missing, ObjectIdentity, PutOptions, PutOutcome, StoreError, StoreErrorKind,
    WriteCondition,
};
use types::{Body, Context, ObjectKey, ObjectMetadata};

use crate::api::{ApiError, ApiErrorKind, Entry, SmallFile, is_form_safe, of_body};
use crate::cancel::cancellable;
use crate::drive::{Drive, to_the_end};
use crate::parts_of::Source;
use crate::place::{Identified, Place};
use crate::table::PartTable;
use crate::tree::Room;

const OPERATION: &str = "put object";
/// How often a file at hand is sent when its folder goes away meanwhile.
const ATTEMPTS: usize = 3;

/// Where the identity of what is put comes from.
pub(crate) enum Proof {
    /// From its bytes, once they have all passed.
    Computed(Receipt),
    /// From above.
    Given(Identified),
}

impl Proof {
    pub(crate) fn identified(&self) -> Result<Identified, StoreError> {
        match self {
            Self::Given(identified) => Ok(identified.clone()),
            Self::Computed(receipt) => {
                let digests = receipt.digests();
                let digests =
                    digests.ok_or_else(|| StoreError::new(StoreErrorKind::Internal, "digest a body"))?;
                let (etag, checksum) = (digests.etag(), Some(digests.checksum));
                let identity = ObjectIdentity { etag, checksum, part_sizes: Vec::new() };
                Ok(Identified { identity, table: PartTable::default() })
            }
        }
    }
}

/// An object on its way.
pub(crate) struct Incoming {
    pub(crate) body: Body,
    pub(crate) proof: Proof,
    pub(crate) metadata: ObjectMetadata,
    pub(crate) condition: WriteCondition,
}

impl Drive {
    pub(crate) async fn put(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        body: Body,
        options: PutOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.admit(&options.condition, OPERATION)?;
        let (body, proof) = match options.identity {
            Identity::Compute(expected) => {
                let (body, receipt) = Ingest::wrap(body, expected);
                (body, Proof::Computed(receipt))
            }
            Identity::Supplied(identity) => {
                (body, Proof::Given(Identified { identity, table: PartTable::default() }))
            }
        };
        let incoming = Incoming { body, proof, metadata: options.metadata, condition: options.condition };
        self.receive(cx, self.place(bucket, key), incoming).await
    }

    /// Stores an object, to the end even when the caller goes away after its last byte.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        cx: &Context,
        place: Place,
        incoming: Incoming,
    ) -> Result<PutOutcome, StoreError> {
        let (body, _guard) = cancellable(incoming.body);
        let incoming = Incoming { body, ..incoming };
        let (drive, cx) = (self.clone(), cx.clone());
        to_the_end(OPERATION, async move {
            drive.hold_condition(&cx, &place, &incoming.condition, OPERATION).await?;
            let stored = drive.store(&cx, &place, incoming).await;
            if stored.is_err() {
                let (dir, _) = crate::tree::split(place.key.as_str());
                drive.prune(&cx, place.lane, place.folder, dir).await;
            }
            stored
        })
        .await
    }

    /// Chooses the way up by what is known of the body.
    async fn store(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        incoming: Incoming,
    ) -> Result<PutOutcome, StoreError> {
        match incoming.body.length_bytes() {
            Some(length) if length > self.tuning.small_max_bytes => {
                self.store_in_parts(cx, place, incoming, length).await
            }
            _ => self.store_gathered(cx, place, incoming).await,
        }
    }

    /// A body that is small, or of unknown length and then perhaps not.
    async fn store_gathered(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        incoming: Incoming,
    ) -> Result<PutOutcome, StoreError> {
        let max_bytes = match incoming.body.length_bytes() {
            Some(length) => length,
            None => self.tuning.small_max_bytes,
        };
        let max_bytes = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let reserved = self.budget.reserve(max_bytes).await;
        let source = Source::new(incoming.body);
        let (bytes, has_ended) = source.gather(max_bytes).await.map_err(|error| of_body(error, OPERATION))?;
        let rest = Rest { proof: incoming.proof, metadata: incoming.metadata, condition: incoming.condition };
        match has_ended {
            true => {
                let _reserved = reserved;
                self.store_whole(cx, place, bytes, rest).await
            }
            false => {
                // Whoever waits for room holds none.
                drop(reserved);
                self.store_unmeasured(cx, place, (bytes, source), rest).await
            }
        }
    }

    /// A file at hand. Where its folder goes away meanwhile, the way is made once more.
    async fn store_whole(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        bytes: Bytes,
        rest: Rest,
    ) -> Result<PutOutcome, StoreError> {
        let identified = rest.proof.identified()?;
        for _ in 0..ATTEMPTS {
            let room = self.make_room(cx, place.lane, place.folder, place.key.as_str()).await?;
            let _turn = self.turn(cx, place, &rest.condition, OPERATION).await?;
            match self.upload_whole(cx, place, &room, &bytes).await {
                Ok(entry) => {
                    let record = identified.record(rest.metadata);
                    return self.settle(cx, place, &room, entry, record).await;
                }
                Err(error) if matches!(error.kind, ApiErrorKind::Gone | ApiErrorKind::Unprocessable) => {
                    self.paths.forget(room.folder);
                    self.folders.forget(room.folder);
                    if !self.bucket_is_there(cx, place.lane, place.folder).await? {
                        return Err(StoreError::missing(Missing::Bucket, OPERATION));
                    }
                }
                Err(error) => return Err(error.into_store()),
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, OPERATION))
    }

    /// Sends a file at hand. After an answer that was lost it looks before it sends again.
    pub(crate) async fn upload_whole(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        room: &Room,
        bytes: &Bytes,
    ) -> Result<Entry, ApiError> {
        if !is_form_safe(&room.name) {
            return self.upload_by_parts(cx, place, room, bytes).await;
        }
        let before = self.ids(cx, place).await?;
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let file = SmallFile {
                parent: room.folder,
                name: &room.name,
                boundary: self.random.next_u128(),
                bytes: bytes.clone(),
            };
            match self.api.upload(cx, place.lane, file).await {
                Ok(entry) => return self.put_right(cx, place.lane, room, entry).await,
                Err(error) if error.is_ambiguous() => {
                    let md5 = hash::Md5::digest(bytes);
                    let lost = self.find_lost(cx, place, (&before, bytes.len() as u64), Some(md5)).await?;
                    if let Some(entry) = lost {
                        return Ok(entry);
                    }
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| ApiError::new(ApiErrorKind::Ambiguous, "upload a file")))
    }
}

/// What belongs to a body beside its bytes.
pub(crate) struct Rest {
    pub(crate) proof: Proof,
    pub(crate) metadata: ObjectMetadata,
    pub(crate) condition: WriteCondition,
}
