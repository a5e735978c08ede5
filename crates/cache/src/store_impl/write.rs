use std::sync::Arc;

use store::{Bucket, StoreError};
use types::{CacheStatus, Context, ObjectKey};

use super::View;
use crate::change::Change;
use crate::error::is_uncertain;
use crate::state::Place;

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
        let changes = &self.core.changes;
        let places = keys.iter().map(|key| self.place(bucket, key));
        let keys =
            places.map(|place| (changes.begin(place.id), place)).map(|(change, place)| (place, change));
        let id = self.bucket_id(&bucket.name);
        let mut writes =
            Writes { view: self.clone(), keys: keys.collect(), bucket: changes.begin_quietly(id) };
        for (place, _) in &writes.keys {
            self.core.table.forget(place.id);
            self.forget_record(bucket, place).await;
        }
        let outcome = call.await;
        if !outcome.as_ref().is_err_and(is_uncertain) {
            writes.settle();
        }
        drop(writes);
        self.note(cx, CacheStatus::Bypass);
        outcome
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
