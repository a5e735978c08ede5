use std::sync::Arc;

use store::{Bucket, ObjectInfo, OpenOptions, StoreError, StoreErrorKind};
use types::{CacheStatus, Context, ObjectKey, Timestamp};

use super::know::Told;
use super::{View, detached};
use crate::change::Moment;
use crate::error::Shared;
use crate::flight::{Joined, SILENCE_MAX};
use crate::name::Id;
use crate::state::{Absence, Known, ObjectState, Place, Variant};

/// What a look at an object brought.
pub(crate) type HeadOutcome = Result<Arc<ObjectState>, Shared>;

/// One look at an object, and what is asked.
pub(super) struct Look<'a> {
    pub(super) cx: &'a Context,
    pub(super) bucket: &'a Bucket,
    pub(super) key: &'a ObjectKey,
    pub(super) options: &'a OpenOptions,
    pub(super) place: Place,
    pub(super) variant: Variant,
    /// When it began.
    pub(super) now: Timestamp,
    pub(super) moment: Moment,
}

impl<'a> Look<'a> {
    pub(super) fn new(
        view: &View,
        cx: &'a Context,
        bucket: &'a Bucket,
        key: &'a ObjectKey,
        options: &'a OpenOptions,
    ) -> Self {
        let (place, now) = (view.place(bucket, key), view.now());
        let moment = view.core.changes.moment(place.id);
        Self { cx, bucket, key, options, place, variant: Variant::of(options), now, moment }
    }

    /// What flights for it are known by.
    pub(super) fn flight_id(&self) -> Id {
        if self.variant.is_current() {
            return self.place.id;
        }
        let version = self.variant.version_id.as_ref().map_or("", |version| version.as_str());
        let part = self.variant.part_number.unwrap_or(0).to_le_bytes();
        Id::of("variant", &[&self.place.id.0.to_le_bytes(), version.as_bytes(), &part])
    }
}

impl View {
    /// Finds an object.
    pub(super) async fn head(self: &Arc<Self>, look: Look<'_>) -> Result<ObjectInfo, StoreError> {
        let cx = look.cx;
        if !self.belief.answers_heads() {
            let looked = self.ask(&look).await;
            self.note(cx, CacheStatus::Bypass);
            return looked.map(|state| state.info.clone());
        }
        let known = self.recall(look.bucket, &look.place, &look.variant).await;
        match &known {
            Some(Known::Absent(absence, seen_at)) if self.belief.in_absence(*seen_at, look.now) => {
                self.note_aged(cx, CacheStatus::Hit, *seen_at);
                return Err(absence.error());
            }
            Some(Known::Object(state)) if state.is_complete && self.believes(state, look.now) => {
                self.note_aged(cx, CacheStatus::Hit, state.seen_at);
                return Ok(state.info.clone());
            }
            _ => {}
        }
        let error = match self.unless_silent(known.is_some(), self.look(&look)).await {
            Ok(state) => {
                self.note(cx, CacheStatus::Miss);
                return Ok(state.info.clone());
            }
            Err(error) => error,
        };
        match known.filter(|_| self.is_away(&error)) {
            Some(Known::Object(state)) => {
                self.note_aged(cx, CacheStatus::Stale, state.seen_at);
                Ok(state.info.clone())
            }
            Some(Known::Absent(absence, seen_at)) => {
                self.note_aged(cx, CacheStatus::Stale, seen_at);
                Err(absence.error())
            }
            None => {
                self.note(cx, CacheStatus::Miss);
                Err(error)
            }
        }
    }

    /// Whether what is known is to be answered in the place of this error.
    pub(super) fn is_away(&self, error: &StoreError) -> bool {
        self.belief.outlives_the_store() && matches!(error.kind, StoreErrorKind::Unavailable)
    }

    /// Waits for what the store says; no longer than it may be silent where something `is_known` that is answered while it is
    /// away. Whoever began to ask in a flight has it go on.
    pub(super) async fn unless_silent<T>(
        &self,
        is_known: bool,
        asking: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if !is_known || !self.belief.outlives_the_store() {
            return asking.await;
        }
        let said = tokio::time::timeout(SILENCE_MAX, asking).await;
        said.unwrap_or_else(|_| Err(came_down().store_error()))
    }

    /// Looks at an object in the store. Where what is learned is believed for a while, those who look at the same time share
    /// one request.
    pub(super) async fn look(self: &Arc<Self>, look: &Look<'_>) -> Result<Arc<ObjectState>, StoreError> {
        if !self.belief.answers_heads() {
            return self.ask(look).await;
        }
        let (belief, changes) = (self.belief, self.core.changes.clone());
        let moment = look.moment;
        let now = look.now;
        let joined = self.core.heads.join(
            look.flight_id(),
            (
                |flight| changes.is_same(flight.moment, moment) && belief.shares_object(flight.began_at, now),
                || false,
            ),
            (look.now, look.moment),
            || {
                let (view, cx) = (self.clone(), detached(look.cx));
                let (bucket, key, options) = (look.bucket.clone(), look.key.clone(), look.options.clone());
                async move {
                    let look = Look { moment, now, ..Look::new(&view, &cx, &bucket, &key, &options) };
                    view.ask(&look).await.map_err(Shared::from)
                }
            },
        );
        match joined {
            Joined::Crowded | Joined::Overtaken => self.ask(look).await,
            Joined::Begun(flight) => flight
                .outcome()
                .await
                .unwrap_or_else(|| Err(came_down()))
                .map_err(|error| error.store_error()),
            Joined::Waiting(flight) => {
                self.core.stats.joined.add(1);
                match flight.outcome_soon().await {
                    Some(Ok(state)) => Ok(state),
                    // Another's failure is not ours, and absence is believed for another time than objects are.
                    Some(Err(_)) | None => self.ask(look).await,
                }
            }
        }
    }

    /// Asks the store, and keeps what it says.
    pub(super) async fn ask(self: &Arc<Self>, look: &Look<'_>) -> Result<Arc<ObjectState>, StoreError> {
        let asked = OpenOptions { range_hint: None, ..look.options.clone() };
        let (seen_at, moment) = (self.now(), self.core.changes.moment(look.place.id));
        match self.inner.head(look.cx, look.bucket, look.key, asked).await {
            Ok(info) => {
                let told = Told { info, is_complete: true, seen_at, moment };
                Ok(self.learn(look.bucket, &look.place, &look.variant, told))
            }
            Err(error) => {
                if let Some(absence) = Absence::of(&error) {
                    self.learn_absence(&look.place, &look.variant, &absence, (seen_at, moment));
                }
                Err(error)
            }
        }
    }
}

/// A flight that ended without an outcome: it took too long in all, or its task was stopped.
pub(super) fn came_down() -> Shared {
    StoreError::new(StoreErrorKind::Unavailable, "ask the store").into()
}
