use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use iam::Principal;
use s3_model::{ErrorCode, Operation};
use types::{BodyError, BucketName, Notes, ObjectKey, RequestId};

use crate::conn::Peer;
use crate::log::write_access_line;
use crate::shared::Shared;

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The whole answer was handed to the connection.
    Complete,
    /// The client went away first.
    Abandoned,
    /// The answer broke off because its bytes could not be read.
    Failed,
}

/// What is known of one request, from its head to the last byte of its answer. Dropping it closes the account: the request
/// is counted and its log line written, whatever became of it.
pub(crate) struct Account {
    shared: Arc<Shared>,
    peer: Peer,
    started: Instant,
    pub(crate) request_id: RequestId,
    pub(crate) method: http::Method,
    pub(crate) operation: Option<Operation>,
    pub(crate) bucket: Option<BucketName>,
    pub(crate) key: Option<ObjectKey>,
    pub(crate) who: Option<Arc<Principal>>,
    /// What layers say about it.
    pub(crate) notes: Notes,
    pub(crate) status: u16,
    pub(crate) error: Option<ErrorCode>,
    pub(crate) received_bytes: Arc<AtomicU64>,
    pub(crate) sent_bytes: u64,
    pub(crate) outcome: Outcome,
}

impl Account {
    pub(crate) fn open(
        shared: Arc<Shared>,
        peer: Peer,
        request_id: RequestId,
        method: http::Method,
    ) -> Box<Self> {
        peer.activity.request_began();
        shared.metrics.in_flight.add(1);
        Box::new(Self {
            shared,
            peer,
            started: Instant::now(),
            request_id,
            method,
            operation: None,
            bucket: None,
            key: None,
            who: None,
            notes: Notes::kept(),
            status: 0,
            error: None,
            received_bytes: Arc::default(),
            sent_bytes: 0,
            outcome: Outcome::Abandoned,
        })
    }

    /// Notes that the answer's bytes could not be read, where the status has been sent already.
    pub(crate) fn fail(&mut self, error: &BodyError) {
        self.outcome = Outcome::Failed;
        self.shared.metrics.read_failed(error);
        tracing::error!(
            request_id = %self.request_id,
            error = error as &(dyn std::error::Error + 'static),
            "the answer broke off"
        );
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.peer.address
    }

    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn received(&self) -> u64 {
        self.received_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let elapsed = self.elapsed();
        self.shared.metrics.closed(self, elapsed);
        if let Some(log) = &self.shared.access_log {
            write_access_line(log, self.shared.clock.now(), self, elapsed);
        }
        self.peer.activity.request_ended();
    }
}
