use std::sync::Arc;

use store::{Bucket, ObjectInfo};
use types::Timestamp;

use super::View;
use crate::change::Moment;
use crate::disk::{BlockKey, BlockKind, Names, Source};
use crate::name::Id;
use crate::object::Naming;
use crate::state::{Absence, Known, ObjectRecord, ObjectState, Place, Variant};

/// The block size of records: more than one is never needed.
const RECORD_BLOCK_BYTES: u32 = 64 * 1024;
/// How much older a record on disk may be than what is known, where both say the same, in seconds.
const RECORD_LAG_SECS: u64 = 600;

impl View {
    /// What is known of a key: in memory, else on disk.
    pub(super) async fn recall(&self, bucket: &Bucket, place: &Place, variant: &Variant) -> Option<Known> {
        if let Some(known) = self.core.table.get(place.id, variant) {
            return Some(known);
        }
        if !variant.is_current() {
            return None;
        }
        let moment = self.core.changes.moment(place.id);
        let bytes = self.read_record(&self.object_record(bucket, place)?).await?;
        let state = Arc::new(ObjectRecord::decode(&bytes)?.0);
        let known = Known::Object(state);
        let is_kept =
            self.core.table.put(place, variant.clone(), known.clone(), || self.core.changes.holds(moment));
        is_kept.then_some(known)
    }

    /// Where the record of a key's current object lies.
    fn object_record(&self, bucket: &Bucket, place: &Place) -> Option<BlockKey> {
        let tag = format!("object {}", bucket.handle);
        self.record(bucket.name.as_str(), place.key.as_str(), &tag)
    }

    /// Where a record lies.
    pub(super) fn record(&self, bucket: &str, key: &str, tag: &str) -> Option<BlockKey> {
        let names = Names { store: &self.store, bucket, key, tag };
        Some(BlockKey::new(&Source::new(BlockKind::State, names, RECORD_BLOCK_BYTES)?, 0))
    }

    pub(super) async fn read_record(&self, key: &BlockKey) -> Option<bytes::Bytes> {
        // Not through the view that counts: these are no blocks that anybody asked for.
        let block = self.core.disk.contains(key).then(|| self.core.disk.get(key)).flatten()?;
        let length = u64::from(block.length_bytes());
        let body = block.read(types::ByteRange::whole(length), &self.core.budget);
        body.collect(RECORD_BLOCK_BYTES as usize).await.ok().filter(|bytes| bytes.len() as u64 == length)
    }

    /// Keeps what the store said about an object, unless it has been written since.
    pub(super) fn learn(
        self: &Arc<Self>,
        bucket: &Bucket,
        place: &Place,
        variant: &Variant,
        told: Told,
    ) -> Arc<ObjectState> {
        let Told { info, is_complete, seen_at, moment } = told;
        let before = match self.core.table.get(place.id, variant) {
            Some(Known::Object(before)) => Some(before),
            _ => None,
        };
        let same = before.filter(|before| before.info == info || is_more(before, &info, is_complete));
        let recorded_at = same.as_ref().and_then(|same| same.recorded_at);
        let is_recent = recorded_at.is_some_and(|at| seen_at.since(at).as_secs() < RECORD_LAG_SECS);
        let (info, is_complete) = match &same {
            Some(same) if !is_complete => (same.info.clone(), same.is_complete),
            _ => (info, is_complete),
        };
        let recorded_at = if is_recent { recorded_at } else { Some(seen_at) };
        let (is_doubtful, naming) = (false, Naming::default());
        let state = Arc::new(ObjectState { info, is_complete, seen_at, recorded_at, is_doubtful, naming });
        let known = Known::Object(state.clone());
        let is_kept = self.core.table.put(place, variant.clone(), known, || self.core.changes.holds(moment));
        if is_kept && !is_recent && variant.is_current() {
            self.keep_record(bucket, place, &state, moment);
        }
        state
    }

    /// Whether an object is believed to be as it is known.
    pub(super) fn believes(&self, state: &ObjectState, now: Timestamp) -> bool {
        !state.is_doubtful && self.belief.in_object(state.seen_at, now)
    }

    /// What is known of the current object of a key that is about to be written, to be kept in doubt should the write fail.
    pub(super) async fn before_write(&self, bucket: &Bucket, place: &Place) -> Option<ObjectState> {
        match self.recall(bucket, place, &Variant::CURRENT).await? {
            Known::Object(state) => {
                Some(ObjectState { recorded_at: None, is_doubtful: true, ..ObjectState::clone(&state) })
            }
            Known::Absent(..) => None,
        }
    }

    /// Keeps that there is nothing, where that is believed at all.
    pub(super) fn learn_absence(
        &self,
        place: &Place,
        variant: &Variant,
        absence: &Absence,
        (seen_at, moment): (Timestamp, Moment),
    ) {
        if !self.belief.keeps_absence() {
            return self.core.table.forget_variant(place.id, variant);
        }
        let known = Known::Absent(absence.clone(), seen_at);
        self.core.table.put(place, variant.clone(), known, || self.core.changes.holds(moment));
    }

    /// Writes a record to disk in the background; none where there is much of that to do already: then it is known in memory
    /// alone.
    fn keep_record(
        self: &Arc<Self>,
        bucket: &Bucket,
        place: &Place,
        state: &Arc<ObjectState>,
        moment: Moment,
    ) {
        let Ok(permit) = self.core.errands.clone().try_acquire_owned() else { return };
        let Some(key) = self.object_record(bucket, place) else { return };
        let Some(bytes) = ObjectRecord(ObjectState::clone(state)).encode() else { return };
        let (view, id) = (self.clone(), place.id);
        tokio::spawn(async move {
            view.write_record(&key, bytes, id, || view.core.changes.holds(moment)).await;
            drop(permit);
        });
    }

    /// Writes a record, where `holds` says so and no write of ours comes between.
    pub(super) async fn write_record(
        &self,
        key: &BlockKey,
        bytes: bytes::Bytes,
        id: Id,
        holds: impl Fn() -> bool + Send + Sync,
    ) {
        let _lock = self.core.changes.record(id).lock().await;
        if !holds() {
            return;
        }
        let Some(writing) = self.core.disk.begin(key, bytes.len() as u32).await else { return };
        if writing.write_at(0, bytes).await.is_ok() {
            let _ = writing.commit().await;
        }
    }

    /// Removes the record of a key that is about to be written, so that it lasts: no crash brings it back.
    pub(super) async fn forget_record(&self, bucket: &Bucket, place: &Place) {
        let Some(key) = self.object_record(bucket, place) else { return };
        self.remove_record(&key, place.id).await;
    }

    pub(super) async fn remove_record(&self, key: &BlockKey, id: Id) {
        let _lock = self.core.changes.record(id).lock().await;
        if self.core.disk.forget(key).await.is_err() {
            self.core.stats.records_not_removed.add(1);
            self.core.disk.remove(key);
        }
    }
}

/// What the store said about an object.
pub(super) struct Told {
    pub(super) info: ObjectInfo,
    /// Whether that is all there is to say: not where only a range was asked for.
    pub(super) is_complete: bool,
    /// When it was asked.
    pub(super) seen_at: Timestamp,
    pub(super) moment: Moment,
}

/// Whether what was known says all that is said now, and more: an answer about a range leaves out what concerns the whole.
fn is_more(before: &ObjectState, info: &ObjectInfo, is_complete: bool) -> bool {
    let without = ObjectInfo { checksum: info.checksum, ..before.info.clone() };
    !is_complete && before.is_complete && info.checksum.is_none() && without == *info
}
