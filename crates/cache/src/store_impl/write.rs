use std::sync::Arc;

use store::{Bucket, StoreError};
use types::{CacheStatus, Context, ObjectKey};

use super::View;
use crate::change::{Change, Moment};
use crate::error::is_uncertain;
use crate::name::Id;
use crate::state::{Known, ObjectState, Place, Variant};

/// Keys that are being written through this layer. Dropped, in whatever way the write ended, nothing is believed of them that
/// was learned before.
struct Writes {
    view: Arc<View>,
    bucket: Change,
    keys: Vec<(Place, Change)>,
}

impl View {
    /// Writes keys of a bucket by `call`. What is known of them is forgotten before, on disk too, and again after, so that who
    /// asks once the write is acknowledged sees it.
    pub(super) async fn write<T>(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        keys: &[&ObjectKey],
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let places: Vec<Place> = keys.iter().map(|key| self.place(bucket, key)).collect();
        let mut before = Vec::new();
        for place in &places {
            if let Some(state) = self.before_write(bucket, place).await {
                before.push((place.clone(), state));
            }
        }
        let mut writes = Writes::begin(self, self.bucket_id(&bucket.name), places);
        // Once this write has ended and no other has begun.
        let after = |(place, state): (Place, _)| (self.core.changes.moment(place.id).next(), place, state);
        let before: Vec<_> = before.into_iter().map(after).collect();
        for (place, _) in &writes.keys {
            self.core.table.forget(place.id);
            self.forget_record(bucket, place).await;
        }
        let outcome = call.await;
        if !outcome.as_ref().is_err_and(is_uncertain) {
            writes.settle();
        }
        drop(writes);
        if outcome.is_err() {
            self.keep_in_doubt(before);
        }
        self.note(cx, CacheStatus::Bypass);
        outcome
    }

    /// Keeps what was known of keys whose write has failed: a store that is away is no reason to lose what was read of it.
    /// Another write that began meanwhile has the last word.
    fn keep_in_doubt(&self, before: Vec<(Moment, Place, ObjectState)>) {
        for (moment, place, state) in before {
            let holds = || self.core.changes.is_quiet(moment);
            self.core.table.put(&place, Variant::CURRENT, Known::Object(state.into()), holds);
        }
    }

    /// Passes a call by that changes nothing that is cached.
    pub(super) async fn pass<T>(
        &self,
        cx: &Context,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let outcome = call.await;
        self.note(cx, CacheStatus::Bypass);
        outcome
    }
}

impl Writes {
    fn begin(view: &Arc<View>, bucket_id: Id, places: Vec<Place>) -> Self {
        let changes = &view.core.changes;
        let begun = places.into_iter().map(|place| {
            let change = changes.begin(place.id);
            (place, change)
        });
        Self { view: view.clone(), keys: begun.collect(), bucket: changes.begin_quietly(bucket_id) }
    }

    fn settle(&mut self) {
        self.bucket.settle();
        self.keys.iter_mut().for_each(|(_, change)| change.settle());
    }
}

impl Drop for Writes {
    fn drop(&mut self) {
        let core = &self.view.core;
        // First it is said that there was a write, then what is there is removed: what is put in between is refused.
        self.bucket.end();
        self.keys.iter_mut().for_each(|(_, change)| change.end());
        for (place, _) in &self.keys {
            core.table.forget(place.id);
        }
        let names: Vec<&str> = self.keys.iter().map(|(place, _)| place.key.as_str()).collect();
        if let Some((place, _)) = self.keys.first() {
            core.listings.forget(place.bucket_id, &names);
        }
    }
}
