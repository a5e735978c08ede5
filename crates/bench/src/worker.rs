use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::bodies::{Payload, next_random};
use crate::connection::{Connection, Reply, Sink};
use crate::objects::{Heads, Keys, Pages};
use crate::operation::{Mix, Operation};
use crate::sign::{Call, Signer, UNSIGNED_PAYLOAD};

/// What all workers of a thread share: everything made before the load begins.
pub(crate) struct Shared {
    /// Which operations in which shares.
    pub(crate) mix: Mix,
    /// Names of objects.
    pub(crate) keys: Keys,
    /// How many objects are prepared; at least one.
    pub(crate) objects: u64,
    /// Heads of GetObject.
    pub(crate) gets: Heads,
    /// Heads of HeadObject.
    pub(crate) heads: Heads,
    /// Heads of DeleteObject, each sent once.
    pub(crate) deletes: Heads,
    /// Heads of listings.
    pub(crate) pages: Pages,
    /// The body of a PUT.
    pub(crate) payload: Payload,
    /// The bodies of an upload's parts, in order.
    pub(crate) parts: Vec<Rc<Payload>>,
    /// A number that no other round has.
    pub(crate) run: u64,
}

/// Requests that all workers take from together.
pub(crate) struct Tickets {
    taken: AtomicU64,
    limit: u64,
    ends_at: Option<Instant>,
}

impl Tickets {
    /// At most `limit` requests, until `ends_at`.
    pub(crate) fn new(limit: u64, ends_at: Option<Instant>) -> Arc<Self> {
        Arc::new(Self { taken: AtomicU64::new(0), limit, ends_at })
    }

    fn take(&self, now: Instant) -> Option<u64> {
        if self.ends_at.is_some_and(|end| now >= end) {
            return None;
        }
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        (number < self.limit).then_some(number)
    }
}

/// One finished request or upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// How long it took.
    pub(crate) latency: Duration,
    /// Bytes of objects or documents moved, either way; `None` where it failed.
    pub(crate) moved_bytes: Option<u64>,
}

/// One connection's loop.
pub(crate) struct Worker {
    number: usize,
    shared: Rc<Shared>,
    signer: Signer,
    connection: Connection,
    head: Vec<u8>,
    random: u64,
    fresh: u64,
    first_failure: Option<String>,
}

impl Worker {
    /// A worker with its own connection.
    pub(crate) fn new(number: usize, shared: Rc<Shared>, signer: Signer, connection: Connection) -> Self {
        let random = 0x2545_F491_4F6C_DD1D_u64.wrapping_mul(number as u64 * 2 + 1);
        Self { number, shared, signer, connection, head: Vec::new(), random, fresh: 0, first_failure: None }
    }

    /// Sends requests until the tickets are used up, and hands each outcome to `record`; returns what the first failed
    /// request was told.
    pub(crate) async fn run(
        mut self,
        tickets: Arc<Tickets>,
        mut record: impl FnMut(Sample),
    ) -> Option<String> {
        let mut started = Instant::now();
        while let Some(ticket) = tickets.take(started) {
            let outcome = self.step(ticket).await;
            let ended = Instant::now();
            let latency = ended - started;
            let moved_bytes =
                outcome.map_err(|error| self.first_failure.get_or_insert(error.to_string()).len()).ok();
            record(Sample { latency, moved_bytes });
            started = ended;
        }
        self.first_failure
    }

    async fn step(&mut self, ticket: u64) -> io::Result<u64> {
        let random = next_random(&mut self.random);
        let shared = self.shared.clone();
        match shared.mix.choose(random >> 32) {
            Operation::Put => self.put().await,
            Operation::Overwrite => {
                let path = shared.keys.prepared_path(random % shared.objects);
                self.send_payload(&path, "", &shared.payload).await
            }
            Operation::Get => self.send(&shared.gets, random).await,
            Operation::Head => self.send(&shared.heads, random).await,
            Operation::Delete => self.send(&shared.deletes, ticket).await,
            Operation::List => {
                succeeded(self.connection.exchange(shared.pages.get(random), None, Sink::Discard).await?)
            }
            Operation::Multipart => self.multipart().await,
            Operation::Mixed => unreachable!("a mix holds no mix"),
        }
    }

    async fn send(&mut self, heads: &Heads, number: u64) -> io::Result<u64> {
        let head = heads.get(number, &mut self.signer, &self.shared.keys, &mut self.head);
        succeeded(self.connection.exchange(head, None, Sink::Discard).await?)
    }

    async fn put(&mut self) -> io::Result<u64> {
        let shared = self.shared.clone();
        let path = self.fresh_path();
        self.send_payload(&path, "", &shared.payload).await
    }

    fn fresh_path(&mut self) -> String {
        self.fresh += 1;
        self.shared.keys.fresh_path(self.shared.run, self.number, self.fresh)
    }

    async fn send_payload(&mut self, path: &str, query: &str, payload: &Payload) -> io::Result<u64> {
        put_head(&mut self.signer, &mut self.head, (path, query), payload);
        let reply = self.connection.exchange(&self.head, Some(payload), Sink::Discard).await?;
        succeeded(reply)?;
        Ok(payload.size_bytes())
    }

    async fn multipart(&mut self) -> io::Result<u64> {
        let shared = self.shared.clone();
        let path = self.fresh_path();
        let mut document = Vec::new();
        self.post(&path, "uploads=", "", &mut document).await?;
        let upload = element(&document, "UploadId")?;
        let mut listing = String::from("<CompleteMultipartUpload>");
        let mut moved_bytes = 0;
        for (index, part) in shared.parts.iter().enumerate() {
            let number = index + 1;
            let query = format!("partNumber={number}&uploadId={}", crate::sign::escape(&upload));
            moved_bytes += self.send_payload(&path, &query, part).await?;
            let etag = self.connection.etag();
            listing.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
        }
        listing.push_str("</CompleteMultipartUpload>");
        let query = format!("uploadId={}", crate::sign::escape(&upload));
        document.clear();
        self.post(&path, &query, &listing, &mut document).await?;
        element(&document, "ETag").map(|_| moved_bytes)
    }

    async fn post(&mut self, path: &str, query: &str, body: &str, document: &mut Vec<u8>) -> io::Result<()> {
        let call = Call {
            method: "POST",
            path,
            query,
            payload: UNSIGNED_PAYLOAD,
            signed: &[],
            length_bytes: Some(body.len() as u64),
        };
        self.head.clear();
        self.signer.head(&call, &mut self.head);
        self.head.extend_from_slice(body.as_bytes());
        let reply = self.connection.exchange(&self.head, None, Sink::Keep(document)).await?;
        succeeded(reply).map(|_| ())
    }
}

/// Writes the head of a PUT of this payload.
pub(crate) fn put_head(signer: &mut Signer, head: &mut Vec<u8>, target: (&str, &str), payload: &Payload) {
    let decoded = payload.size_bytes().to_string();
    let framing =
        [("x-amz-decoded-content-length", decoded.as_str()), ("x-amz-trailer", "x-amz-checksum-crc64nvme")];
    let call = Call {
        method: "PUT",
        path: target.0,
        query: target.1,
        payload: payload.sha256(),
        signed: if payload.is_chunked() { &framing } else { &[] },
        length_bytes: Some(payload.wire_bytes()),
    };
    head.clear();
    signer.head(&call, head);
}

fn succeeded(reply: Reply) -> io::Result<u64> {
    if (200..300).contains(&reply.status) {
        Ok(reply.body_bytes)
    } else {
        Err(io::Error::other(format!("answered {}", reply.status)))
    }
}

/// The text of the first element of this name.
fn element(document: &[u8], name: &str) -> io::Result<String> {
    let text = String::from_utf8_lossy(document);
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let found = text.split_once(&open).and_then(|(_, rest)| rest.split_once(&close));
    found
        .map(|(value, _)| value.to_owned())
        .ok_or_else(|| io::Error::other(format!("no {name} in the answer: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_end_at_the_limit_and_at_the_time() {
        let now = Instant::now();
        let tickets = Tickets::new(2, Some(now + Duration::from_secs(1)));
        assert_eq!(tickets.take(now), Some(0));
        assert_eq!(tickets.take(now + Duration::from_secs(1)), None);
        assert_eq!(tickets.take(now), Some(1));
        assert_eq!(tickets.take(now), None);
    }

    #[test]
    fn an_error_document_is_not_a_completed_upload() {
        assert_eq!(element(b"<A><ETag>\"x-2\"</ETag></A>", "ETag").unwrap(), "\"x-2\"");
        assert!(element(b"<Error><Code>InternalError</Code></Error>", "ETag").is_err());
    }
}
