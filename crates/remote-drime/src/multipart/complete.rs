use std::sync::Arc;

use assembly::{Listing, etag_of};
use bytes::Bytes;
use remote::UploadRecord;
use store::{
    CompleteOptions, CompletedPart, Missing, PartProblem, PutOutcome, StoreError, StoreErrorKind, UploadRef,
};
use types::Context;

use super::joined::Joined;
use super::{Completed, Completing, UploadState, read, write};
use crate::api::{ApiError, ApiErrorKind, Entry, EntryId};
use crate::drive::{Drive, to_the_end};
use crate::large::Staged;
use crate::place::Place;
use crate::tree::{Room, split};

const OPERATION: &str = "complete upload";

impl Drive {
    pub(crate) async fn complete_upload(
        self: &Arc<Self>,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        self.admit(&options.condition, OPERATION)?;
        let (drive, cx, place) = (self.clone(), cx.clone(), self.place(upload.bucket, upload.key));
        let id = upload.id.clone();
        to_the_end(OPERATION, async move {
            let _held = drive.uploads.hold(id.as_str().to_owned()).await;
            let upload = UploadRef { bucket: &place.bucket, key: &place.key, id: &id };
            let record = match drive.ledger.upload(upload).await {
                Ok(record) => record,
                Err(error) => return drive.completed_before(&cx, &place, upload, &parts, error).await,
            };
            let completed = drive.complete(&cx, &place, record, &parts, &options).await;
            if completed.is_err() {
                drive.prune(&cx, place.lane, place.folder, split(place.key.as_str()).0).await;
            }
            completed
        })
        .await
    }

    async fn complete(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        record: UploadRecord,
        parts: &[CompletedPart],
        options: &CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let listing = Listing::new(record.checksum, parts, options)?;
        let stored = self.ledger.parts_numbered(&record, &listing.numbers()).await?;
        let assembled = Joined::of(listing.assemble(stored, self.tuning.part_min_bytes)?)?;
        let room = self.make_room(cx, place.lane, place.folder, place.key.as_str()).await?;
        let _turn = self.turn(cx, place, &options.condition, OPERATION).await?;
        let (record, state, before) = self.note_completion(cx, place, record, &assembled).await?;
        let made = self.make_object(cx, place, &room, &state, (&assembled, &before)).await;
        let entry = made.map_err(|error| match error.kind {
            // The storage has other parts than we have recorded: one was replaced just now.
            ApiErrorKind::Unprocessable => {
                StoreError::new(StoreErrorKind::Part(PartProblem::Invalid(parts[0].number)), OPERATION)
            }
            ApiErrorKind::Gone => StoreError::missing(Missing::Upload, OPERATION),
            _ => error.into_store(),
        })?;
        let completed =
            Completed { entry: entry.id, etag: assembled.identified.identity.etag.as_str().to_owned() };
        let identity = assembled.identified.record(record.metadata.clone());
        let outcome = self.settle(cx, place, &room, entry, identity).await?;
        self.ledger.finish_upload(&record, write(&completed, OPERATION)?, self.now()).await?;
        Ok(outcome)
    }

    /// Records that the completion has begun, so that one that is cut short is found by the next.
    async fn note_completion(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        record: UploadRecord,
        assembled: &Joined,
    ) -> Result<(UploadRecord, UploadState, Vec<EntryId>), StoreError> {
        let state: UploadState = read(&record.provider, OPERATION)?;
        let etag = assembled.identified.identity.etag.as_str();
        if let Some(begun) = state.completing.as_ref().filter(|begun| begun.etag == etag) {
            let before = begun.before.clone();
            return Ok((record, state, before));
        }
        let before = self.ids(cx, place).await.map_err(ApiError::into_store)?;
        let size_bytes = assembled.size_bytes;
        let completing = Completing { etag: etag.to_owned(), size_bytes, before: before.clone() };
        let noted = UploadState { completing: Some(completing), ..state.clone() };
        let noted = UploadRecord { provider: write(&noted, OPERATION)?, ..record.clone() };
        match self.ledger.replace_upload(&record, &noted).await? {
            true => Ok((noted, state, before)),
            false => Err(StoreError::new(StoreErrorKind::Conflict, OPERATION)),
        }
    }

    async fn make_object(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        room: &Room,
        state: &UploadState,
        (assembled, before): (&Joined, &[EntryId]),
    ) -> Result<Entry, ApiError> {
        if assembled.size_bytes == 0 {
            // A file of no bytes needs no parts.
            let entry = self.upload_whole(cx, place, room, &Bytes::new()).await?;
            self.give_up(cx, place, &state.drive).await;
            return Ok(entry);
        }
        let staged = Staged {
            upload: state.drive.clone(),
            parts: assembled.sent.clone(),
            size_bytes: assembled.size_bytes,
        };
        if state.completing.is_none() {
            return self.join_parts(cx, place, room, &staged, before).await;
        }
        // An earlier completion was cut short: it may have made the file, or joined the parts, or neither.
        if let Some(entry) = self.find_lost(cx, place, (before, staged.size_bytes), None).await? {
            return Ok(entry);
        }
        match self.api.complete(cx, place.lane, &staged.upload, &staged.parts).await {
            Ok(()) => self.make_file(cx, place, room, &staged, (before, true)).await,
            Err(error) if error.is_refusal() => {
                self.make_file(cx, place, room, &staged, (before, false)).await
            }
            Err(error) => Err(error),
        }
    }

    /// The answer of an earlier completion with the same parts, while its object is still the current one.
    async fn completed_before(
        self: &Arc<Self>,
        cx: &Context,
        place: &Place,
        upload: UploadRef<'_>,
        parts: &[CompletedPart],
        missing: StoreError,
    ) -> Result<PutOutcome, StoreError> {
        if !matches!(missing.kind, StoreErrorKind::Missing(Missing::Upload)) {
            return Err(missing);
        }
        let Some(finished) = self.ledger.finished_upload(upload).await? else { return Err(missing) };
        let completed: Completed = read(&finished, OPERATION)?;
        if etag_of(parts).is_none_or(|etag| etag.as_str() != completed.etag) {
            return Err(missing);
        }
        match self.known_or_none(cx, place, OPERATION).await? {
            Some(known) if known.entry.id == completed.entry => Ok(PutOutcome {
                etag: known.etag(),
                version_id: None,
                checksum: known.identity.as_ref().and_then(|identity| identity.checksum),
                size_bytes: known.entry.size_bytes,
                modified_at: known.entry.updated_at,
            }),
            _ => Err(missing),
        }
    }
}
