use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use types::Timestamp;

use crate::change::Moment;
use crate::name::Id;

/// How long the store may be silent while others wait for what it was asked: neither an answer nor a byte.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(60);
/// The most requests that run beside those who asked for them; past it each asks for itself.
const FLIGHTS_MAX: usize = 4096;

/// Requests to the store on their way, so that several who want the same wait for one.
pub(crate) struct Flights<T>(Mutex<HashMap<Id, Arc<Flight<T>>>>);

/// One request on its way.
pub(crate) struct Flight<T> {
    /// When it was sent: what it brings is as old as that.
    pub(crate) began_at: Timestamp,
    /// The state of what is asked about, before it was asked.
    pub(crate) moment: Moment,
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
        Self(Mutex::default())
    }
}

impl<T: Clone + Send + Sync + 'static> Flights<T> {
    /// Joins the flight for `id` where there is one that `fits`, else begins one, in a task of its own: it comes to its end
    /// whoever goes away, and comes down after [`SILENCE_MAX`]. None is begun where one has just landed and `is_known` says
    /// what it brought.
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
        if let Some(flight) = flights.get(&id).filter(|flight| fits(flight)) {
            return Joined::Waiting(flight.clone());
        }
        if is_known() {
            return Joined::Overtaken;
        }
        if flights.len() >= FLIGHTS_MAX {
            return Joined::Crowded;
        }
        let (sender, outcome) = watch::channel(None);
        let flight = Arc::new(Flight { began_at: began.0, moment: began.1, outcome });
        flights.insert(id, flight.clone());
        drop(flights);
        let (landing, work) = (Landing { flights: self.clone(), id, flight: flight.clone() }, work());
        tokio::spawn(async move {
            // Leaves the table however the work ends, and before anybody hears of it: who comes later asks anew.
            let outcome = {
                let _landing = landing;
                tokio::time::timeout(SILENCE_MAX, work).await.ok()
            };
            sender.send_replace(outcome);
        });
        Joined::Begun(flight)
    }
}

impl<T: Clone> Flight<T> {
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
        if flights.get(&self.id).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            flights.remove(&self.id);
        }
    }
}
