use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderValue, Method};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use types::Body;

use crate::breaker::Pass;
use crate::client::Shared;
use crate::transport::{Connection, Guard};
use crate::transport::{
    Download, Framing, Head, Progress, Surroundings, Target, Waits, connect, encode_head,
};
use crate::{Payload, RemoteError, Response};

/// The place of one request among those under way, held until its answer has been read.
pub(crate) struct Place {
    pass: Pass,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(crate) fn new(pass: Pass, permit: OwnedSemaphorePermit) -> Self {
        Self { pass, _permit: permit }
    }

    /// Where an attempt failed, the service has to answer for it.
    pub(crate) fn failed(&mut self) {
        self.pass.failed();
    }

    /// The service has answered.
    pub(crate) fn succeeded(&mut self) {
        self.pass.succeeded();
    }
}

impl Guard for Place {
    fn broke(&mut self) {
        self.pass.failed();
    }
}

/// What an attempt has brought: the answer's head and the connection behind it.
pub(crate) struct Answered {
    pub(crate) head: Head,
    connection: Connection,
    framing: Framing,
    target: Target,
}

/// Sends a signed request once.
pub(crate) async fn attempt(
    shared: &Shared,
    mut parts: Parts,
    payload: &mut Payload,
    progress: &mut Progress,
) -> Result<Answered, RemoteError> {
    let (limits, stats) = (&shared.options.limits, &shared.stats);
    let target = Target::of(&parts.uri)?;
    if payload.waits_for_word() {
        parts.headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
    }
    let mut connection = match shared.pool.take(&target) {
        Some(connection) => {
            progress.reused = true;
            connection
        }
        None => {
            let opened = connect(&target, &shared.trust, limits.connect).await;
            let count = if opened.is_ok() { &stats.connections } else { &stats.connections_failed };
            count.add(1);
            opened?
        }
    };
    stats.requests.add(1);
    let begun = Instant::now();
    let waits = Waits { first_byte: limits.first_byte, idle: limits.idle };
    let head = encode_head(&parts);
    let head = connection.exchange(head, payload, waits, progress, &stats.sent_bytes).await?;
    stats.durations.observe(begun.elapsed());
    let framing = Framing::of(&parts.method, &head)?;
    Ok(Answered { head, connection, framing, target })
}

impl Answered {
    /// The answer, its body holding `place` until it has ended.
    pub(crate) fn into_response(self, shared: &Shared, place: Place) -> Response {
        let surroundings = Surroundings {
            budget: shared.options.budget.clone(),
            stats: shared.stats.clone(),
            pool: shared.pool.clone(),
            target: self.target,
            keeps_alive: self.head.keeps_alive,
            idle: shared.options.limits.idle,
        };
        let download = Download::new(self.connection, self.framing, surroundings, place);
        Response {
            status: self.head.status,
            headers: self.head.headers,
            body: Body::new(download, self.framing.length_bytes()),
        }
    }
}

/// Whether requests of this method say that they have no body. Source: RFC 9110, section 8.6.
pub(crate) fn states_empty_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
