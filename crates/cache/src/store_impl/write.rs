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
    keys: Vec<Written>,
}

/// One key that is being written.
struct Written {
    place: Place,
    change: Change,
    /// Once the write has begun.
    moment: Moment,
    /// What was known before, to be kept in doubt should the write fail.
    before: Option<ObjectState>,
}

impl View {
    /// Writes keys of a bucket by `call`, all of them or none.
    pub(super) async fn write<T>(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        keys: &[&ObjectKey],
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.write_each(cx, bucket, keys, call, |_, _| None).await
    }

    /// Writes keys of a bucket by `call`; where that succeeds, `failure` says of each, by its place, whether it failed all the
    /// same. What is known of them is forgotten before, on disk too, and again after, so that who asks once the write is
    /// acknowledged sees it.
    pub(super) async fn write_each<T>(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        keys: &[&ObjectKey],
        call: impl Future<Output = Result<T, StoreError>>,
        failure: impl Fn(&T, usize) -> Option<&StoreError>,
    ) -> Result<T, StoreError> {
        let mut places = Vec::with_capacity(keys.len());
        for key in keys {
            let place = self.place(bucket, key);
            let before = self.before_write(bucket, &place).await;
            places.push((place, before));
        }
        let mut writes = Writes::begin(self, self.bucket_id(&bucket.name), places);
        for key in &writes.keys {
            self.core.table.forget(key.place.id);
        }
        self.forget_records(bucket, writes.keys.iter().map(|key| &key.place)).await;
        let outcome = call.await;
        let failures: Vec<Option<&StoreError>> = match &outcome {
            Ok(told) => (0..keys.len()).map(|place| failure(told, place)).collect(),
            Err(error) => vec![Some(error); keys.len()],
        };
        writes.settle(&failures);
        let failed = writes.failed(&failures);
        drop(writes);
        self.keep_in_doubt(failed);
        self.note(cx, CacheStatus::Bypass);
        outcome
    }

    /// Keeps what was known of keys whose write has failed: a store that is away is no reason to lose what was read of it.
    /// Another write that began meanwhile has the last word.
    fn keep_in_doubt(&self, failed: Vec<(Moment, Place, ObjectState)>) {
        for (moment, place, state) in failed {
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
    fn begin(view: &Arc<View>, bucket_id: Id, places: Vec<(Place, Option<ObjectState>)>) -> Self {
        let changes = &view.core.changes;
        let begun: Vec<_> =
            places.into_iter().map(|(place, before)| (changes.begin(place.id), place, before)).collect();
        let written = |(change, place, before): (Change, Place, _)| {
            let moment = changes.moment(place.id);
            Written { place, change, moment, before }
        };
        let keys = begun.into_iter().map(written).collect();
        Self { view: view.clone(), keys, bucket: changes.begin_quietly(bucket_id) }
    }

    /// Notes of which keys it is certain what became of them.
    fn settle(&mut self, failures: &[Option<&StoreError>]) {
        let is_certain = |failure: &Option<&StoreError>| !failure.is_some_and(is_uncertain);
        if failures.iter().all(is_certain) {
            self.bucket.settle();
        }
        for (key, failure) in self.keys.iter_mut().zip(failures) {
            if is_certain(failure) {
                key.change.settle();
            }
        }
    }

    /// What was known of the keys that failed, and the moment once this write has ended and no other has begun.
    fn failed(&mut self, failures: &[Option<&StoreError>]) -> Vec<(Moment, Place, ObjectState)> {
        let mut failed = Vec::new();
        for (index, _) in failures.iter().enumerate().filter(|(_, failure)| failure.is_some()) {
            let Some(before) = self.keys[index].before.take() else { continue };
            let Written { moment, place, .. } = &self.keys[index];
            let ends = self.keys.iter().filter(|key| key.change.concerns(*moment)).count();
            failed.push((moment.after(ends as u64), place.clone(), before));
        }
        failed
    }
}

impl Drop for Writes {
    fn drop(&mut self) {
        let core = &self.view.core;
        // First it is said that there was a write, then what is there is removed: what is put in between is refused.
        self.bucket.end();
        self.keys.iter_mut().for_each(|key| key.change.end());
        for key in &self.keys {
            core.table.forget(key.place.id);
        }
        let names: Vec<&str> = self.keys.iter().map(|key| key.place.key.as_str()).collect();
        if let Some(key) = self.keys.first() {
            core.listings.forget(key.place.bucket_id, &names);
        }
    }
}
