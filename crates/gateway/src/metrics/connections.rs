use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use types::Counter;

use super::{Reading, ReadingValue};

/// What a listener counts of its connections.
#[derive(Default)]
pub(crate) struct ConnectionStats {
    pub(crate) accepted: Counter,
    pub(crate) refused: Counter,
    pub(crate) accept_failures: Counter,
    open: AtomicU64,
}

/// One open connection, for as long as it lives.
pub(crate) struct OpenConnection(Arc<ConnectionStats>);

impl ConnectionStats {
    /// Counts a connection as open until the guard is dropped.
    pub(crate) fn open(self: &Arc<Self>) -> OpenConnection {
        self.open.fetch_add(1, Ordering::Relaxed);
        OpenConnection(self.clone())
    }

    pub(crate) fn readings(&self) -> Vec<Reading> {
        let counter =
            |name, help, counter: &Counter| Reading::new(name, help, ReadingValue::Counter(counter.get()));
        vec![
            counter("sluice_connections_accepted", "Connections accepted", &self.accepted),
            counter("sluice_connections_refused", "Connections over the limit", &self.refused),
            counter(
                "sluice_accept_failures",
                "Connections that could not be accepted",
                &self.accept_failures,
            ),
            Reading::new(
                "sluice_connections_open",
                "Connections open now",
                ReadingValue::Gauge(self.open.load(Ordering::Relaxed) as f64),
            ),
        ]
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
