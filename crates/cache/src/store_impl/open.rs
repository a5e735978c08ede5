use std::sync::Arc;

use parking_lot::Mutex;
use store::{Content, OpenOptions, Opened, StoreError, StoreErrorKind};
use types::{ByteRange, CacheStatus};

use super::head::{Look, came_down};
use super::know::Told;
use super::{View, detached, wanted};
use crate::disk::Condition;
use crate::error::Shared;
use crate::fill::{Fill, First};
use crate::flight::{Flight, Joined, SILENCE_MAX};
use crate::object::Object;
use crate::read::{CachedContent, Opening, PassedContent};
use crate::state::{Absence, Known, ObjectState};

/// What opening an object in the store brought.
#[derive(Clone)]
pub(crate) enum OpenOutcome {
    /// The object, and how its bytes come.
    Found(Arc<ObjectState>, Bytes),
    /// There is none.
    Absent(Absence),
    /// The store did not say.
    Failed(Shared),
}

/// How an object's bytes come.
#[derive(Clone)]
pub(crate) enum Bytes {
    /// Through the cache, by the fill that has begun, if the object has any bytes.
    Kept(Option<Arc<Fill>>),
    /// Past the cache.
    Passed(Arc<dyn Content>),
}

/// Whether an object could be opened from what is known.
enum Tried {
    /// It was.
    Opened(Box<Opened>),
    /// Not all that is wanted is there; this is known of it.
    Missing(Option<Arc<ObjectState>>),
}

/// Whether what is known may be looked at once more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    First,
    Last,
}

/// What of an object is at hand.
struct AtHand {
    opening: Opening,
    /// Whether all of what is wanted is in the cache; else it is on its way.
    is_cached: bool,
}

impl View {
    /// Opens an object: from the cache where it has what is wanted and that is believed, else from the store.
    pub(super) async fn open(self: &Arc<Self>, look: Look<'_>) -> Result<Opened, StoreError> {
        let known = self.recall(look.bucket, &look.place, &look.variant).await;
        let expected = match self.open_known(&look, known).await? {
            Tried::Opened(opened) => return Ok(*opened),
            Tried::Missing(expected) => expected,
        };
        if let Some(outcome) = self.fetch(&look, expected.clone(), Round::First).await {
            return outcome;
        }
        // Another brought it while we looked, and perhaps after we began to.
        let look = Look { now: self.now(), ..look };
        let known = self.core.table.get(look.place.id, &look.variant);
        let expected = match self.open_known(&look, known).await? {
            Tried::Opened(opened) => return Ok(*opened),
            Tried::Missing(expected) => expected,
        };
        let outcome = self.fetch(&look, expected, Round::Last).await;
        outcome.unwrap_or_else(|| Err(came_down().store_error()))
    }

    /// Opens an object from what is known of it.
    async fn open_known(
        self: &Arc<Self>,
        look: &Look<'_>,
        known: Option<Known>,
    ) -> Result<Tried, StoreError> {
        let state = match known {
            Some(Known::Absent(absence, seen_at)) if self.belief.in_absence(seen_at, look.now) => {
                self.note_aged(look.cx, CacheStatus::Hit, seen_at);
                return Err(absence.error());
            }
            Some(Known::Absent(..)) | None => return Ok(Tried::Missing(None)),
            Some(Known::Object(state)) => state,
        };
        let Some(at_hand) = self.at_hand(look, &state) else { return Ok(Tried::Missing(Some(state))) };
        if !self.believes(&state, look.now) {
            return self.revalidate(look, state, at_hand).await;
        }
        match at_hand.is_cached {
            true => self.note_aged(look.cx, CacheStatus::Hit, state.seen_at),
            false => self.note(look.cx, CacheStatus::Miss),
        }
        Ok(Tried::Opened(Box::new(opened(&state, at_hand.opening))))
    }

    /// Asks the store whether what is at hand still holds.
    async fn revalidate(
        self: &Arc<Self>,
        look: &Look<'_>,
        state: Arc<ObjectState>,
        at_hand: AtHand,
    ) -> Result<Tried, StoreError> {
        let told = match self.unless_silent(at_hand.is_cached, self.look(look)).await {
            Ok(told) => told,
            Err(error) if self.is_away(&error) && at_hand.is_cached => {
                self.note_aged(look.cx, CacheStatus::Stale, state.seen_at);
                return Ok(Tried::Opened(Box::new(opened(&state, at_hand.opening))));
            }
            Err(error) => {
                self.note(look.cx, CacheStatus::Miss);
                return Err(error);
            }
        };
        let at_hand = match is_same(&told, &state) {
            true => Some(at_hand),
            false => self.at_hand(look, &told),
        };
        Ok(match at_hand {
            Some(AtHand { opening, is_cached }) => {
                self.note(look.cx, if is_cached { CacheStatus::Revalidated } else { CacheStatus::Miss });
                Tried::Opened(Box::new(opened(&told, opening)))
            }
            None => Tried::Missing(Some(told)),
        })
    }

    /// What is at hand of an object of which this is known; `None` where some of what is wanted is neither cached nor on its way.
    fn at_hand(&self, look: &Look<'_>, state: &Arc<ObjectState>) -> Option<AtHand> {
        let opening = self.opening(look, state)?;
        let wanted = wanted(&state.info, look.options);
        let (object, core) = (&opening.object, &self.core);
        let is_whole = wanted == ByteRange::whole(state.info.size_bytes);
        let fill = if object.is_cached(&core.disk, wanted) || core.small.get(object).is_some() {
            // Who reads the whole waits for its verification.
            is_whole.then(|| core.works.unverified(object.id)).flatten()
        } else {
            let fill = core.works.find(object.id);
            if fill.is_none() && !object.is_cached(&core.disk, wanted) {
                return None;
            }
            fill
        };
        let Some(fill) = fill else { return Some(AtHand { opening, is_cached: true }) };
        *opening.fill.lock() = Some(fill);
        Some(AtHand { opening, is_cached: false })
    }

    /// What is cached of an object of which this is known.
    pub(super) fn object(&self, look: &Look<'_>, state: &ObjectState) -> Option<Object> {
        let geometry = (self.block_bytes, self.digest.as_ref());
        let name = || Object::new(&self.store, look.bucket, look.key, &state.info, geometry);
        state.naming.object(geometry, name)
    }

    fn opening(&self, look: &Look<'_>, state: &Arc<ObjectState>) -> Option<Opening> {
        Some(Opening {
            object: self.object(look, state)?,
            works: self.core.works.clone(),
            disk: self.disk.clone(),
            small: self.core.small.clone(),
            lanes: self.lanes.clone(),
            inner: self.inner.clone(),
            cx: look.cx.clone(),
            bucket: look.bucket.clone(),
            key: look.key.clone(),
            state: state.clone(),
            fill: Mutex::new(None),
        })
    }

    /// Opens the object in the store. Those who come meanwhile share what that brings: as it is where what the store says is
    /// believed for a while, else once the store has told each of them that it is the same. `None` in the first round where
    /// it is at hand by now.
    async fn fetch(
        self: &Arc<Self>,
        look: &Look<'_>,
        expected: Option<Arc<ObjectState>>,
        round: Round,
    ) -> Option<Result<Opened, StoreError>> {
        let mut joined = self.open_once(look, expected.as_ref(), round);
        if let Joined::Waiting(flight) = &joined {
            if let Some(opened) = self.share(look, flight).await.transpose() {
                return Some(opened);
            }
            // Whatever flies by now has begun since we came: it is waited for as if we had.
            joined = self.open_once(look, expected.as_ref(), round);
        }
        let outcome = match joined {
            Joined::Overtaken => return None,
            Joined::Crowded => self.open_inner(look, expected).await,
            Joined::Begun(flight) | Joined::Waiting(flight) => {
                flight.outcome().await.unwrap_or_else(|| OpenOutcome::Failed(came_down()))
            }
        };
        Some(self.answer(look, outcome))
    }

    /// Waits for what another has asked for. `None` where it does not answer us, or not soon: another's failure is not ours.
    async fn share(
        self: &Arc<Self>,
        look: &Look<'_>,
        flight: &Flight<OpenOutcome>,
    ) -> Result<Option<Opened>, StoreError> {
        self.core.stats.joined.add(1);
        if !self.belief.shares_object(flight.began_at, look.now) {
            return self.share_if_same(look, flight).await;
        }
        match flight.outcome_soon().await {
            Some(found @ OpenOutcome::Found(..)) => self.answer(look, found).map(Some),
            _ => Ok(None),
        }
    }

    /// As [`View::share`], and asks the store at the same time whether what the other gets holds.
    async fn share_if_same(
        self: &Arc<Self>,
        look: &Look<'_>,
        flight: &Flight<OpenOutcome>,
    ) -> Result<Option<Opened>, StoreError> {
        let (told, outcome) = tokio::join!(self.ask(look), flight.outcome_soon());
        let told = told.inspect_err(|_| self.note(look.cx, CacheStatus::Miss))?;
        match outcome {
            Some(OpenOutcome::Found(state, bytes)) if is_same(&told, &state) => {
                self.answer(look, OpenOutcome::Found(told, bytes)).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Begins to open the object in the store, or joins who does. None is begun in the first round where it is at hand: it was
    /// before the flight landed that brought it, so who meets neither is the first.
    fn open_once(
        self: &Arc<Self>,
        look: &Look<'_>,
        expected: Option<&Arc<ObjectState>>,
        round: Round,
    ) -> Joined<OpenOutcome> {
        let (changes, moment) = (&self.core.changes, look.moment);
        self.core.opens.join(
            look.flight_id(),
            (
                |flight| changes.is_same(flight.moment, moment),
                || round == Round::First && self.is_at_hand(look),
            ),
            (look.now, moment),
            || {
                let (view, cx, expected) = (self.clone(), detached(look.cx), expected.cloned());
                let (bucket, key, options) = (look.bucket.clone(), look.key.clone(), look.options.clone());
                async move {
                    let look = Look::new(&view, &cx, &bucket, &key, &options);
                    view.open_inner(&look, expected).await
                }
            },
        )
    }

    /// Whether what is wanted is at hand, of what is known now.
    fn is_at_hand(&self, look: &Look<'_>) -> bool {
        match self.core.table.get(look.place.id, &look.variant) {
            Some(Known::Object(state)) => self.at_hand(look, &state).is_some(),
            Some(Known::Absent(..)) | None => false,
        }
    }

    /// One request to the store: it tells what the object is and brings its first bytes, which are kept as they come.
    async fn open_inner(
        self: &Arc<Self>,
        look: &Look<'_>,
        expected: Option<Arc<ObjectState>>,
    ) -> OpenOutcome {
        let takes_in = self.core.disk.condition() == Condition::Open;
        if !takes_in {
            self.tend_later();
        }
        let range_hint =
            if takes_in { self.hint(look, expected.as_deref()) } else { look.options.range_hint };
        let (seen_at, moment) = (self.now(), self.core.changes.moment(look.place.id));
        let asked = OpenOptions { range_hint, ..look.options.clone() };
        let Opened { info, content } = match self.inner.open(look.cx, look.bucket, look.key, asked).await {
            Ok(opened) => opened,
            Err(error) => {
                let Some(absence) = Absence::of(&error) else { return OpenOutcome::Failed(error.into()) };
                self.learn_absence(&look.place, &look.variant, &absence, (seen_at, moment));
                return OpenOutcome::Absent(absence);
            }
        };
        let at_hand = match (&info.part, range_hint) {
            (Some(part), _) => Some(part.range),
            (None, None) => Some(ByteRange::whole(info.size_bytes)),
            (None, Some(hint)) => hint.resolve(info.size_bytes).ok(),
        };
        let is_whole = at_hand == Some(ByteRange::whole(info.size_bytes)) && info.part.is_none();
        let is_complete = is_whole || info.checksum.is_some() || info.size_bytes == 0;
        let told = Told { info, is_complete, seen_at, moment };
        let state = self.learn(look.bucket, &look.place, &look.variant, told);
        if !state.is_complete {
            self.complete_later(look);
        }
        let content: Arc<dyn Content> = content.into();
        let opening = self.opening(look, &state).filter(|_| takes_in);
        let Some(opening) = opening else { return OpenOutcome::Found(state, Bytes::Passed(content)) };
        if state.info.size_bytes == 0 {
            return OpenOutcome::Found(state, Bytes::Kept(None));
        }
        let fill = opening.begin_fill(First { content, range: at_hand });
        OpenOutcome::Found(state, Bytes::Kept(Some(fill)))
    }

    /// Has the store say the rest about an object of which it was asked for a range, in the background.
    fn complete_later(self: &Arc<Self>, look: &Look<'_>) {
        let Ok(permit) = self.core.errands.clone().try_acquire_owned() else { return };
        if !self.belief.answers_heads() {
            return;
        }
        let (view, cx) = (self.clone(), detached(look.cx));
        let (bucket, key, options) = (look.bucket.clone(), look.key.clone(), look.options.clone());
        tokio::spawn(async move {
            let look = Look::new(&view, &cx, &bucket, &key, &options);
            // Whoever asks next hears of a failure.
            let _ = tokio::time::timeout(SILENCE_MAX, view.ask(&look)).await;
            drop(permit);
        });
    }

    /// Has a directory that takes nothing in tried anew, in the background.
    fn tend_later(self: &Arc<Self>) {
        let Ok(permit) = self.core.errands.clone().try_acquire_owned() else { return };
        let view = self.clone();
        tokio::spawn(async move {
            view.core.disk.tend().await;
            drop(permit);
        });
    }

    /// The answer to who asked.
    fn answer(&self, look: &Look<'_>, outcome: OpenOutcome) -> Result<Opened, StoreError> {
        let (state, bytes) = match outcome {
            OpenOutcome::Found(state, bytes) => (state, bytes),
            OpenOutcome::Absent(absence) => {
                self.note(look.cx, CacheStatus::Miss);
                return Err(absence.error());
            }
            OpenOutcome::Failed(error) => {
                self.note(look.cx, CacheStatus::Miss);
                return Err(error.store_error());
            }
        };
        let opening = match &bytes {
            Bytes::Kept(_) => self.opening(look, &state),
            Bytes::Passed(_) => None,
        };
        let (content, status): (Box<dyn Content>, _) = match (bytes, opening) {
            (Bytes::Kept(fill), Some(opening)) => {
                *opening.fill.lock() = fill;
                (Box::new(CachedContent(Arc::new(opening))), CacheStatus::Miss)
            }
            (Bytes::Passed(inner), _) => {
                self.core.stats.refused.add(1);
                let works = self.core.works.clone();
                (Box::new(PassedContent { inner, works }), CacheStatus::Bypass)
            }
            (Bytes::Kept(_), None) => {
                let error = StoreError::new(StoreErrorKind::Internal, "open object");
                return Err(error);
            }
        };
        self.note(look.cx, status);
        Ok(Opened { info: state.info.clone(), content })
    }
}

fn opened(state: &ObjectState, opening: Opening) -> Opened {
    Opened { info: state.info.clone(), content: Box::new(CachedContent(Arc::new(opening))) }
}

/// Whether two answers are about the same bytes.
fn is_same(one: &ObjectState, other: &ObjectState) -> bool {
    let (one, other) = (&one.info, &other.info);
    (&one.etag, one.size_bytes, &one.version_id) == (&other.etag, other.size_bytes, &other.version_id)
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
