use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;
use types::Timestamp;

use crate::change::Moment;
use crate::name::Id;

/// How long anybody waits for what another has asked, and for bytes that are asked for again where they do not come.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(60);
/// The longest that a request may take in all. A store below tries several times with pauses of its own, each of a minute or
/// more, and has given up before this; a store that never does is given up here.
const FLIGHT_MAX: Duration = Duration::from_secs(15 * 60);
/// The most requests that run beside those who asked for them; past it each asks for itself.
const FLIGHTS_MAX: usize = 4096;

/// Requests to the store on their way, so that several who want the same wait for one.
pub(crate) struct Flights<T>(Mutex<Aloft<T>>);

struct Aloft<T> {
    /// Those that may be joined, or were the last that could be.
    joinable: HashMap<Id, Arc<Flight<T>>>,
    /// How many there are, with those whose place another has taken.
    count: usize,
}

/// One request on its way.
pub(crate) struct Flight<T> {
    /// When it was sent: what it brings is as old as that.
    pub(crate) began_at: Timestamp,
    /// The state of what is asked about, before it was asked.
    pub(crate) moment: Moment,
    /// Until when it is waited for by others than the one who began it.
    patience_ends_at: Instant,
    outcome: watch::Receiver<Option<T>>,
}

/// A flight, and who made it.
pub(crate) enum Joined<T> {
    /// It was on its way.
    Waiting(Arc<Flight<T>>),
    /// It has begun now.
    Begun(Arc<Flight<T>>),
    /// There are too many: ask without one.
    Crowded,
    /// What it would ask is known by now.
    Overtaken,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::new(Aloft { joinable: HashMap::new(), count: 0 }))
    }
}

impl<T: Clone + Send + Sync + 'static> Flights<T> {
    /// Joins the flight for `id` where there is one that `fits`, else begins one, in a task of its own: it comes to its end
    /// whoever goes away, and comes down after [`FLIGHT_MAX`]. One that has taken [`SILENCE_MAX`] is joined no more: another
    /// takes its place. None is begun where one has just landed and `is_known` says what it brought.
    pub(crate) fn join<F>(
        self: &Arc<Self>,
        id: Id,
        (fits, is_known): (impl FnOnce(&Flight<T>) -> bool, impl FnOnce() -> bool),
        began: (Timestamp, Moment),
        work: impl FnOnce() -> F,
    ) -> Joined<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut flights = self.0.lock();
        let joinable = flights.joinable.get(&id).filter(|flight| !flight.is_overdue());
        if let Some(flight) = joinable.filter(|flight| fits(flight)) {
            return Joined::Waiting(flight.clone());
        }
        if is_known() {
            return Joined::Overtaken;
        }
        if flights.count >= FLIGHTS_MAX {
            return Joined::Crowded;
        }
        let (sender, outcome) = watch::channel(None);
        let patience_ends_at = Instant::now() + SILENCE_MAX;
        let flight = Arc::new(Flight { began_at: began.0, moment: began.1, patience_ends_at, outcome });
        flights.joinable.insert(id, flight.clone());
        flights.count += 1;
        drop(flights);
        let (landing, work) = (Landing { flights: self.clone(), id, flight: flight.clone() }, work());
        tokio::spawn(async move {
            // Leaves the table however the work ends, and before anybody hears of it: who comes later asks anew.
            let outcome = {
                let _landing = landing;
                tokio::time::timeout(FLIGHT_MAX, work).await.ok()
            };
            sender.send_replace(outcome);
        });
        Joined::Begun(flight)
    }
}

impl<T> Flight<T> {
    /// Whether it has taken so long that whoever waits asks anew.
    fn is_overdue(&self) -> bool {
        Instant::now() >= self.patience_ends_at
    }
}

impl<T: Clone> Flight<T> {
    /// What another's flight brought; `None` where it came down, or has taken too long to be waited for.
    ///
    /// # Cancel safety
    /// The flight goes on.
    pub(crate) async fn outcome_soon(&self) -> Option<T> {
        tokio::time::timeout_at(self.patience_ends_at, self.outcome()).await.ok()?
    }

    /// What it brought; `None` where it came down.
    ///
    /// # Cancel safety
    /// The flight goes on.
    pub(crate) async fn outcome(&self) -> Option<T> {
        let mut outcome = self.outcome.clone();
        let landed = outcome.wait_for(Option::is_some).await.ok()?;
        landed.clone()
    }
}

struct Landing<T> {
    flights: Arc<Flights<T>>,
    id: Id,
    flight: Arc<Flight<T>>,
}

impl<T> Drop for Landing<T> {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock();
        flights.count -= 1;
        if flights.joinable.get(&self.id).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            flights.joinable.remove(&self.id);
        }
    }
}
