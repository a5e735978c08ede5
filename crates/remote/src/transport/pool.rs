use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Connection, Target};

/// Connections kept for later.
pub(crate) struct Pool {
    idle: Mutex<Vec<Idle>>,
    max_idle: usize,
    keep_idle: Duration,
}

struct Idle {
    target: Target,
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// An empty pool that keeps so many connections for so long.
    pub(crate) fn new(max_idle: usize, keep_idle: Duration) -> Self {
        Self { idle: Mutex::default(), max_idle, keep_idle }
    }

    /// A connection to `target` that is still there: the one used last, which its peer will close last.
    pub(crate) fn take(&self, target: &Target) -> Option<Connection> {
        loop {
            let mut connection = {
                let mut idle = self.idle.lock();
                self.expire(&mut idle);
                let place = idle.iter().rposition(|idle| idle.target == *target)?;
                idle.remove(place).connection
            };
            if connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection whose answer has been read to the end; the one unused for longest makes room.
    pub(crate) fn put(&self, target: Target, connection: Connection) {
        let mut idle = self.idle.lock();
        self.expire(&mut idle);
        if self.max_idle == 0 {
            return;
        }
        if idle.len() >= self.max_idle {
            idle.remove(0);
        }
        idle.push(Idle { target, connection, since: Instant::now() });
    }

    /// Drops what was kept for too long; the oldest come first.
    fn expire(&self, idle: &mut Vec<Idle>) {
        let fresh = idle.partition_point(|idle| idle.since.elapsed() >= self.keep_idle);
        idle.drain(..fresh);
    }
}
