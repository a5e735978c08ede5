use std::sync::Arc;

use store::{Bucket, ObjectInfo};
use types::Timestamp;

use super::View;
use crate::cache::Core;
use crate::change::Moment;
use crate::disk::{BlockKey, BlockKind, Names, Source};
use crate::name::Id;
use crate::object::Naming;
use crate::state::{Absence, Known, ObjectRecord, ObjectState, Place, Recorded, Variant};

/// The block size of records: more than one is never needed.
const RECORD_BLOCK_BYTES: u32 = 64 * 1024;
/// How much older a record on disk may be than what is known, where both say the same, in seconds.
const RECORD_LAG_SECS: u64 = 600;

impl View {
    /// What is known of a key: in memory, else on disk.
    pub(super) async fn recall(&self, bucket: &Bucket, place: &Place, variant: &Variant) -> Option<Known> {
        if let Some(known) = self.core.table.get(place.id, variant) {
            if let Known::Object(state) = &known
                && variant.is_current()
            {
                self.keep_recorded(bucket, place, state);
            }
            return Some(known);
        }
        match variant.is_current() {
            true => self.recall_record(bucket, place).await,
            false => None,
        }
    }

    /// What is known on disk of the current object of a key.
    async fn recall_record(&self, bucket: &Bucket, place: &Place) -> Option<Known> {
        let moment = self.core.changes.moment(place.id);
        let key = self.object_record(bucket, place)?;
        let bytes = self.read_record(&key).await?;
        let state = Arc::new(ObjectRecord::decode(&bytes)?.0);
        state.recorded.key(|| Some(key));
        let known = Known::Object(state);
        let variant = Variant::CURRENT;
        let is_kept = self.core.table.put(place, variant, known.clone(), || self.core.changes.holds(moment));
        is_kept.then_some(known)
    }

    /// Has the record of an object stay on disk for as long as what is known is used: it counts as used too, and is written
    /// anew where it had to give way.
    fn keep_recorded(&self, bucket: &Bucket, place: &Place, state: &Arc<ObjectState>) {
        if state.is_doubtful || self.has_record(&state.recorded, || self.object_record(bucket, place)) {
            return;
        }
        // Whoever writes the key after this has the last word; who did before has taken it out.
        let moment = self.core.changes.moment(place.id);
        if self.core.table.knows(place.id, &state.info) {
            self.keep_record(bucket, place, state, moment);
        }
    }

    /// Whether a record is on disk, or is not to be written there now. Looks into memory only, and counts as a use.
    pub(super) fn has_record(&self, recorded: &Recorded, locate: impl FnOnce() -> Option<BlockKey>) -> bool {
        let Some(key) = recorded.key(locate) else { return true };
        self.core.disk.touch(key) || !recorded.may_begin_again(self.now())
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
        &self,
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
        let recorded = before.as_ref().map(|before| before.recorded.clone()).unwrap_or_default();
        let was_known = before.is_some();
        let same = before.filter(|before| before.info == info || is_more(before, &info, is_complete));
        let is_other = was_known && same.is_none();
        let recorded_at = same.as_ref().and_then(|same| same.recorded_at);
        let is_recent = recorded_at.is_some_and(|at| seen_at.since(at).as_secs() < RECORD_LAG_SECS)
            && self.has_record(&recorded, || self.object_record(bucket, place));
        let (info, is_complete) = match &same {
            Some(same) if !is_complete => (same.info.clone(), same.is_complete),
            _ => (info, is_complete),
        };
        let recorded_at = if is_recent { recorded_at } else { Some(seen_at) };
        let (is_doubtful, naming) = (false, Naming::default());
        let state = ObjectState { info, is_complete, seen_at, recorded_at, is_doubtful, naming, recorded };
        let state = Arc::new(state);
        let known = Known::Object(state.clone());
        let is_kept = self.core.table.put(place, variant.clone(), known, || self.core.changes.holds(moment));
        if is_kept && !is_recent && variant.is_current() {
            if is_other && let Some(key) = state.recorded.known_key() {
                // Whether the next one comes to be written or not.
                self.core.disk.remove(key);
            }
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
        let known = match self.core.table.get(place.id, &Variant::CURRENT) {
            None => self.recall_record(bucket, place).await,
            known => known,
        };
        match known? {
            Known::Object(state) => {
                Some(ObjectState { recorded_at: None, is_doubtful: true, ..ObjectState::clone(&state) })
            }
            Known::Absent(..) => None,
        }
    }

    /// Keeps that there is nothing, where that is believed at all. A record of what there was goes in any case.
    pub(super) fn learn_absence(
        &self,
        place: &Place,
        variant: &Variant,
        absence: &Absence,
        (seen_at, moment): (Timestamp, Moment),
    ) {
        let before = variant.is_current().then(|| self.core.table.get(place.id, variant)).flatten();
        if self.belief.keeps_absence() {
            let known = Known::Absent(absence.clone(), seen_at);
            self.core.table.put(place, variant.clone(), known, || self.core.changes.holds(moment));
        } else {
            self.core.table.forget_variant(place.id, variant);
        }
        if let Some(Known::Object(before)) = before {
            self.drop_record(place.id, &before, moment);
        }
    }

    /// Takes out the record of an object that is gone, unless it has been written since.
    fn drop_record(&self, id: Id, gone: &ObjectState, moment: Moment) {
        let Some(key) = gone.recorded.known_key().cloned() else { return };
        let drop_it = move |core: &Core| {
            let known = core.table.get(id, &Variant::CURRENT);
            if core.changes.holds(moment) && !matches!(known, Some(Known::Object(_))) {
                core.disk.remove(&key);
            }
        };
        let Ok(permit) = self.core.errands.clone().try_acquire_owned() else { return drop_it(&self.core) };
        let core = self.core.clone();
        tokio::spawn(async move {
            // Who writes it at the moment is waited for, and who comes later finds that it is gone.
            let _lock = core.changes.record(id).lock().await;
            drop_it(&core);
            drop(permit);
        });
    }

    /// Writes the record of an object in the background; none where there is much of that to do already: then it is known in
    /// memory alone, until it is used again.
    fn keep_record(&self, bucket: &Bucket, place: &Place, state: &Arc<ObjectState>, moment: Moment) {
        let key = state.recorded.key(|| self.object_record(bucket, place));
        let Some(key) = key.cloned() else { return };
        state.recorded.begin(self.now());
        let (id, state) = (place.id, state.clone());
        self.write_record(key, (id, moment), move |core| match core.table.knows(id, &state.info) {
            true => ObjectRecord(ObjectState::clone(&state)).encode(),
            false => None,
        });
    }

    /// Writes a record in the background, where there is one still and no write of ours comes between.
    pub(super) fn write_record(
        &self,
        key: BlockKey,
        (id, moment): (Id, Moment),
        record: impl FnOnce(&Core) -> Option<bytes::Bytes> + Send + 'static,
    ) {
        let Ok(permit) = self.core.errands.clone().try_acquire_owned() else { return };
        let core = self.core.clone();
        tokio::spawn(async move {
            let _lock = core.changes.record(id).lock().await;
            if core.changes.holds(moment)
                && let Some(bytes) = record(&core)
                && let Some(writing) = core.disk.begin(&key, bytes.len() as u32).await
                && writing.write_at(0, bytes).await.is_ok()
            {
                let _ = writing.commit().await;
            }
            drop(permit);
        });
    }

    /// Removes the records of keys that are about to be written, so that it lasts: no crash brings them back.
    pub(super) async fn forget_records(&self, bucket: &Bucket, places: impl Iterator<Item = &Place>) {
        let record = |place: &Place| Some((self.object_record(bucket, place)?, place.id));
        let records: Vec<_> = places.filter_map(record).collect();
        self.remove_records(&records).await;
    }

    /// Removes records of what is being written.
    pub(super) async fn remove_records(&self, records: &[(BlockKey, Id)]) {
        for (_, id) in records {
            // Who writes one at the moment is waited for; nobody begins to while what it is about is being written.
            drop(self.core.changes.record(*id).lock().await);
        }
        let keys: Vec<BlockKey> = records.iter().map(|(key, _)| key.clone()).collect();
        if self.core.disk.forget(&keys).await.is_err() {
            self.core.stats.records_not_removed.add(keys.len() as u64);
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
