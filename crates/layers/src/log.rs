use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use store::{Layer, SharedStore, Slot, StoreError};
use tokio::time::Instant;
use types::{Body, BodyError, BodyStream, BucketName, Frame, ObjectKey, RequestId};

use crate::StoreOperation;
use crate::wrap::{Answer, Call, Hook, Hooked, Sent, is_refusal};

/// Writes a line to the log for every call: which request it serves, the operation, bucket, key, outcome (`done`, `refused`,
/// `failed`, `dropped`), bytes and milliseconds. A read's line comes when its body has ended. No bytes of objects, metadata or tags are told.
#[derive(Debug, Clone)]
pub struct RequestLog {
    store: Arc<str>,
}

impl RequestLog {
    /// A log of the store, or place, of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { store: name.into() }
    }
}

impl Layer for RequestLog {
    fn name(&self) -> &'static str {
        "log"
    }

    fn slot(&self) -> Slot {
        Slot::Observe
    }

    fn wrap(&self, inner: SharedStore) -> SharedStore {
        Hooked::shared(inner, Arc::new(self.clone()))
    }
}

impl Hook for RequestLog {
    async fn around<S: Sent, T: Answer, F: Future<Output = Result<T, StoreError>> + Send>(
        &self,
        call: &Call<'_>,
        sent: S,
        mut run: impl FnMut(S) -> F + Send,
    ) -> Result<T, StoreError> {
        let line = Line::begin(&self.store, call);
        let bytes = line.bytes.clone();
        let outcome = run(sent.with_body(|inner| counted(inner, Told::Bytes(bytes)))).await;
        let mut line = Some(line);
        let outcome = outcome
            .map(|answer| answer.with_body(|inner| counted(inner, Told::Line(line.take().map(Box::new)))));
        // Where the answer is a body, it has the line now.
        if let Some(mut line) = line {
            if let Some(made) = outcome.as_ref().ok().and_then(Answer::made) {
                line.bytes.store(made.size_bytes, Ordering::Relaxed);
            }
            match &outcome {
                Ok(_) => line.end("done", None),
                Err(error) => {
                    line.end(if is_refusal(error) { "refused" } else { "failed" }, Some(error.to_string()))
                }
            }
        }
        outcome
    }
}

/// A line of the log that is not written yet. Dropped before its end, it tells that.
struct Line {
    store: Arc<str>,
    operation: StoreOperation,
    request_id: RequestId,
    bucket: Option<BucketName>,
    key: Option<ObjectKey>,
    begun: Instant,
    bytes: Arc<AtomicU64>,
    outcome: &'static str,
    error: Option<String>,
}

impl Line {
    fn begin(store: &Arc<str>, call: &Call<'_>) -> Self {
        Self {
            store: store.clone(),
            operation: call.operation,
            request_id: call.cx.request_id,
            bucket: call.bucket.cloned(),
            key: call.key.cloned(),
            begun: Instant::now(),
            bytes: Arc::default(),
            outcome: "dropped",
            error: None,
        }
    }

    fn end(&mut self, outcome: &'static str, error: Option<String>) {
        (self.outcome, self.error) = (outcome, error);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        tracing::info!(
            store = &*self.store,
            request_id = %self.request_id,
            operation = self.operation.name(),
            bucket = self.bucket.as_ref().map(BucketName::as_str),
            key = self.key.as_ref().map(ObjectKey::as_str),
            outcome = self.outcome,
            error = self.error.as_deref(),
            bytes = self.bytes.load(Ordering::Relaxed),
            ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "call of the store"
        );
    }
}

/// Who is told of a body's bytes.
enum Told {
    /// The call that takes the body in.
    Bytes(Arc<AtomicU64>),
    /// The line that ends with the body.
    Line(Option<Box<Line>>),
}

struct Counted {
    inner: Body,
    told: Told,
}

fn counted(inner: Body, told: Told) -> Body {
    let length_bytes = inner.length_bytes();
    let mut counted = Counted { inner, told };
    if length_bytes == Some(0) {
        // Nobody need ask for the end of a body that is known to be empty.
        counted.end(None);
    }
    Body::new(counted, length_bytes)
}

impl Counted {
    fn passed(&mut self, bytes: usize) {
        let (count, length) = match &mut self.told {
            Told::Bytes(count) => (&*count, None),
            Told::Line(Some(line)) => (&line.bytes, self.inner.length_bytes()),
            Told::Line(None) => return,
        };
        let passed = count.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if length == Some(passed) {
            self.end(None);
        }
    }

    fn end(&mut self, error: Option<String>) {
        if let Told::Line(line) = &mut self.told
            && let Some(mut line) = line.take()
        {
            line.end(if error.is_some() { "failed" } else { "done" }, error);
        }
    }
}

impl BodyStream for Counted {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        let frame = ready!(self.inner.poll_frame(cx));
        match &frame {
            Some(Ok(Frame::Data(data))) => self.passed(data.len()),
            Some(Ok(Frame::Trailer(_))) => {}
            Some(Err(error)) => self.end(Some(error.to_string())),
            None => self.end(None),
        }
        Poll::Ready(frame)
    }
}
