use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use http::Uri;
use remote::Payload;
use store::{PutOutcome, StoreError, StoreErrorKind};
use types::Context;

use crate::api::{ApiError, ApiErrorKind, DriveUpload, Entry, EntryId, NewFile, SentPart};
use crate::drive::Drive;
use crate::parts_of::{self, Source};
use crate::place::Place;
use crate::put::{Incoming, Rest};
use crate::tree::Room;

const OPERATION: &str = "put object";
/// The most parts of an upload.
const PARTS_MAX: u64 = 10_000;
/// How many addresses are asked for at once.
const SIGNED_AT_ONCE: u32 = 8;
/// The parts of a body whose length is not known are held one at a time.
const UNMEASURED_PART_BYTES: usize = 8 * 1024 * 1024;

/// The beginning of the records of uploads that serve a single put.
pub(crate) const STAGED: &str = "staged/";

/// Parts that are in the storage, and how many bytes they are.
pub(crate) struct Staged {
    pub(crate) upload: DriveUpload,
    pub(crate) parts: Vec<SentPart>,
    pub(crate) size_bytes: u64,
}

/// Addresses for parts, asked for a few at a time.
struct Addresses<'a> {
    drive: &'a Drive,
    place: &'a Place,
    upload: &'a DriveUpload,
    signed: VecDeque<Uri>,
    last: u32,
}

impl Addresses<'_> {
    async fn next(&mut self, cx: &Context, number: u32) -> Result<Uri, ApiError> {
        if let Some(url) = self.signed.pop_front() {
            return Ok(url);
        }
        let numbers: Vec<u32> = (number..=self.last.min(number + SIGNED_AT_ONCE - 1)).collect();
        let signed = self.drive.api.sign_parts(cx, self.place.lane, self.upload, &numbers).await?;
        self.signed = signed.into();
        self.signed
            .pop_front()
            .ok_or_else(|| ApiError::new(ApiErrorKind::Malformed("no address"), "sign parts"))
    }
}

impl Drive {
    /// An object that goes up in parts as it comes in, and shows when its turn comes.
    pub(crate) async fn store_in_parts(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        incoming: Incoming,
        length_bytes: u64,
    ) -> Result<PutOutcome, StoreError> {
        let source = Source::new(incoming.body);
        let rest = Rest { proof: incoming.proof, metadata: incoming.metadata, condition: incoming.condition };
        let upload = self.stage(cx, place, length_bytes).await?;
        let sent = self.send_measured(cx, place, &upload, (&source, length_bytes)).await;
        self.show_staged(cx, place, upload, sent, rest).await
    }

    /// As [`Drive::store_in_parts`] where only the end of the body tells its length; its beginning is at hand.
    pub(crate) async fn store_unmeasured(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        (beginning, source): (Bytes, Source),
        rest: Rest,
    ) -> Result<PutOutcome, StoreError> {
        let upload = self.stage(cx, place, 0).await?;
        let sent = self.send_unmeasured(cx, place, &upload, (beginning, source)).await;
        self.show_staged(cx, place, upload, sent, rest).await
    }

    /// Begins an upload, recorded first-thing so that a crash leaves nothing behind for long.
    async fn stage(&self, cx: &Context, place: &Place, size_bytes: u64) -> Result<DriveUpload, StoreError> {
        let (_, segment) = crate::tree::split(place.key.as_str());
        let name = crate::names::steps(segment).pop().map(|step| step.name).unwrap_or_default();
        let file = NewFile { parent: place.folder, name: &name, size_bytes };
        let upload = self.api.begin(cx, place.lane, file).await;
        let upload = self.or_missing_bucket(cx, place, upload, OPERATION).await?;
        let record = serde_json::to_vec(&upload)
            .map_err(|error| StoreError::with_source(StoreErrorKind::Internal, OPERATION, error))?;
        self.ledger.put_value(format!("{STAGED}{}", upload.upload_id).as_bytes(), &record).await?;
        Ok(upload)
    }

    /// A call that the service did not take, because the bucket's folder is gone.
    pub(crate) async fn or_missing_bucket<T>(
        &self,
        cx: &Context,
        place: &Place,
        done: Result<T, ApiError>,
        operation: &'static str,
    ) -> Result<T, StoreError> {
        match done {
            Err(error) if matches!(error.kind, ApiErrorKind::Gone | ApiErrorKind::Unprocessable) => {
                match self.bucket_is_there(cx, place.lane, place.folder).await? {
                    true => Err(error.into_store()),
                    false => Err(StoreError::missing(store::Missing::Bucket, operation)),
                }
            }
            done => done.map_err(ApiError::into_store),
        }
    }

    async fn send_measured(
        &self,
        cx: &Context,
        place: &Place,
        upload: &DriveUpload,
        (source, length_bytes): (&Source, u64),
    ) -> Result<(Vec<SentPart>, u64), ApiError> {
        let part_bytes = self.tuning.part_bytes.max(length_bytes.div_ceil(PARTS_MAX));
        let count = u32::try_from(length_bytes.div_ceil(part_bytes).max(1)).unwrap_or(u32::MAX);
        let mut addresses = Addresses { drive: self, place, upload, signed: VecDeque::new(), last: count };
        let (mut parts, mut left) = (Vec::new(), length_bytes);
        for number in 1..=count {
            let length = left.min(part_bytes);
            left -= length;
            let at = if number == count { parts_of::Place::Last } else { parts_of::Place::Inner };
            let url = addresses.next(cx, number).await?;
            let payload = Payload::Stream { body: source.part(length, at), length_bytes: length };
            let etag = self.api.send_part(cx, url, payload).await?;
            parts.push(SentPart { etag, number });
        }
        Ok((parts, length_bytes))
    }

    async fn send_unmeasured(
        &self,
        cx: &Context,
        place: &Place,
        upload: &DriveUpload,
        (beginning, source): (Bytes, Source),
    ) -> Result<(Vec<SentPart>, u64), ApiError> {
        let _reserved = self.budget.reserve(UNMEASURED_PART_BYTES).await;
        let last = u32::try_from(PARTS_MAX).unwrap_or(u32::MAX);
        let mut addresses = Addresses { drive: self, place, upload, signed: VecDeque::new(), last };
        let (mut parts, mut size_bytes, mut has_ended) = (Vec::new(), 0, false);
        let mut held = beginning;
        for number in 1..=last {
            // The beginning may be smaller than a part may be.
            let wanted = UNMEASURED_PART_BYTES.saturating_sub(held.len());
            let more = source.gather(wanted).await;
            let more = more
                .map_err(|error| ApiError::from((remote::RemoteErrorKind::Body(error).into(), OPERATION)))?;
            let part: Bytes = if held.is_empty() { more.0 } else { [held, more.0].concat().into() };
            (held, has_ended) = (Bytes::new(), more.1);
            size_bytes += part.len() as u64;
            let url = addresses.next(cx, number).await?;
            let etag = self.api.send_part(cx, url, Payload::Bytes(part)).await?;
            parts.push(SentPart { etag, number });
            if has_ended {
                break;
            }
        }
        match has_ended {
            true => Ok((parts, size_bytes)),
            false => Err(ApiError::new(ApiErrorKind::Full, OPERATION)),
        }
    }

    /// Makes the object of what was sent; what was sent for nothing is given up.
    async fn show_staged(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        upload: DriveUpload,
        sent: Result<(Vec<SentPart>, u64), ApiError>,
        rest: Rest,
    ) -> Result<PutOutcome, StoreError> {
        let shown = match sent {
            Ok((parts, size_bytes)) => {
                let staged = Staged { upload: upload.clone(), parts, size_bytes };
                self.show_parts(cx, place, staged, rest).await
            }
            Err(error) => Err(error.into_store()),
        };
        if shown.is_err() {
            self.give_up(cx, place, &upload).await;
        }
        self.ledger.remove_value(format!("{STAGED}{}", upload.upload_id).as_bytes()).await?;
        shown
    }

    pub(crate) async fn give_up(&self, cx: &Context, place: &Place, upload: &DriveUpload) {
        if let Err(error) = self.api.abort(cx, place.lane, upload).await {
            tracing::warn!(%error, "an upload could not be given up");
        }
    }

    async fn show_parts(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        staged: Staged,
        rest: Rest,
    ) -> Result<PutOutcome, StoreError> {
        let record = rest.proof.identified()?.record(rest.metadata);
        let room = self.make_room(cx, place.lane, place.folder, place.key.as_str()).await?;
        let _turn = self.turn(cx, place, &rest.condition, OPERATION).await?;
        let before = self.ids(cx, place).await.map_err(ApiError::into_store)?;
        let entry =
            self.join_parts(cx, place, &room, &staged, &before).await.map_err(ApiError::into_store)?;
        self.settle(cx, place, &room, entry, record).await
    }

    /// Completes an upload and makes its file. Where an answer is lost it looks before it asks again; where it cannot be sure
    /// that the bytes were joined it reads before it believes.
    pub(crate) async fn join_parts(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        room: &Room,
        staged: &Staged,
        before: &[EntryId],
    ) -> Result<Entry, ApiError> {
        let mut is_sure = true;
        if let Err(error) = self.api.complete(cx, place.lane, &staged.upload, &staged.parts).await {
            if !error.is_ambiguous() {
                return Err(error);
            }
            // A second completion may be refused because the first one was done.
            match self.api.complete(cx, place.lane, &staged.upload, &staged.parts).await {
                Ok(()) => {}
                Err(again) if again.is_refusal() => is_sure = false,
                Err(again) => return Err(again),
            }
        }
        self.make_file(cx, place, room, staged, (before, is_sure)).await
    }

    /// Makes the file of bytes that are joined.
    pub(crate) async fn make_file(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        room: &Room,
        staged: &Staged,
        (before, is_sure): (&[EntryId], bool),
    ) -> Result<Entry, ApiError> {
        let file = NewFile { parent: room.folder, name: &room.name, size_bytes: staged.size_bytes };
        let entry = match self.api.make_entry(cx, place.lane, &staged.upload, file).await {
            Err(error) if error.is_ambiguous() => {
                match self.find_lost(cx, place, (before, staged.size_bytes), None).await? {
                    Some(entry) => entry,
                    None => self.api.make_entry(cx, place.lane, &staged.upload, file).await?,
                }
            }
            made => made?,
        };
        let entry = self.put_right(cx, place.lane, room, entry).await?;
        if !is_sure && !self.holds(cx, place, &entry, None).await? {
            self.remove_entry(cx, place.lane, &entry, crate::api::Fate::Forever).await?;
            return Err(ApiError::new(ApiErrorKind::Ambiguous, "complete an upload"));
        }
        Ok(entry)
    }

    /// A file at hand whose name a form cannot carry.
    pub(crate) async fn upload_by_parts(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        room: &Room,
        bytes: &Bytes,
    ) -> Result<Entry, ApiError> {
        let size_bytes = bytes.len() as u64;
        let before = self.ids(cx, place).await?;
        let file = NewFile { parent: room.folder, name: &room.name, size_bytes };
        let upload = self.api.begin(cx, place.lane, file).await?;
        let made = async {
            let url = self.api.sign_parts(cx, place.lane, &upload, &[1]).await?.remove(0);
            let etag = self.api.send_part(cx, url, Payload::Bytes(bytes.clone())).await?;
            let parts = vec![SentPart { etag, number: 1 }];
            let staged = Staged { upload: upload.clone(), parts, size_bytes };
            self.join_parts(cx, place, room, &staged, &before).await
        };
        let made = made.await;
        if made.is_err() {
            self.give_up(cx, place, &upload).await;
        }
        made
    }
}
