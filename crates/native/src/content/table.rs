use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use store::{Content, StoreError, StoreErrorKind};
use types::{Body, BodyError, BodyErrorKind, BodyStream, ByteRange, Frame};

use crate::error::contradiction;
use crate::lease::Lease;
use crate::native::Native;
use crate::parts::PlacedPart;
use crate::record::TableRef;

const OPERATION: &str = "read object in parts";

/// The bytes of an object in parts. Parts are opened as the reading comes to them, so that one read of 10,000 parts holds
/// one of them open; the lease keeps the others in place.
pub(super) struct TableContent(Arc<Shared>);

struct Shared {
    native: Arc<Native>,
    table: TableRef,
    _lease: Lease,
}

impl TableContent {
    pub(super) fn new(native: Arc<Native>, table: TableRef, lease: Lease) -> Self {
        Self(Arc::new(Shared { native, table, _lease: lease }))
    }
}

#[async_trait]
impl Content for TableContent {
    async fn read(&self, range: ByteRange) -> Result<Body, StoreError> {
        if range.is_empty() {
            return Ok(Body::empty());
        }
        let first = self.0.clone().next_part(Cursor { range, page: Vec::new().into_iter() }).await?;
        let body = TableBody { shared: self.0.clone(), state: State::Streaming(first) };
        Ok(Body::new(body, Some(range.len())))
    }
}

/// How far a reading has come.
struct Cursor {
    /// What is left of the range.
    range: ByteRange,
    /// What is left of the page.
    page: std::vec::IntoIter<PlacedPart>,
}

/// An open part and what comes behind it.
struct Streaming {
    body: Body,
    rest: Cursor,
}

impl Shared {
    /// Opens the part that the range begins in.
    async fn next_part(self: Arc<Self>, mut cursor: Cursor) -> Result<Streaming, StoreError> {
        let at = cursor.range.start;
        let part = match cursor.page.find(|part| part.range.end > at) {
            Some(part) => part,
            None => {
                let page = self.table.page_of_offset(at);
                let page = self.table.page(&*self.native.meta, page, OPERATION).await?;
                cursor.page = page.ok_or_else(|| contradiction(OPERATION))?.into_iter();
                let part = cursor.page.find(|part| part.range.end > at);
                part.filter(|part| part.range.start <= at).ok_or_else(|| contradiction(OPERATION))?
            }
        };
        let entry = &part.entry;
        let opened =
            self.native.open_place(entry.place, entry.place_offset, entry.size_bytes, OPERATION).await?;
        let content = opened.ok_or_else(|| contradiction(OPERATION))?;
        let end = part.range.end.min(cursor.range.end);
        let within = ByteRange { start: at - part.range.start, end: end - part.range.start };
        let body = content.read(within).await?;
        cursor.range.start = end;
        Ok(Streaming { body, rest: cursor })
    }
}

type Opening = Pin<Box<dyn Future<Output = Result<Streaming, StoreError>> + Send>>;

enum State {
    Opening(Opening),
    Streaming(Streaming),
    Ended,
}

struct TableBody {
    shared: Arc<Shared>,
    state: State,
}

impl BodyStream for TableBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok(streaming) => self.state = State::Streaming(streaming),
                    Err(error) => {
                        self.state = State::Ended;
                        return Poll::Ready(Some(Err(as_body_error(error))));
                    }
                },
                State::Streaming(streaming) => {
                    if let Some(frame) = ready!(streaming.body.poll_frame(cx)) {
                        return Poll::Ready(Some(frame));
                    }
                    let State::Streaming(done) = std::mem::replace(&mut self.state, State::Ended) else {
                        return Poll::Ready(None);
                    };
                    if !done.rest.range.is_empty() {
                        let opening = self.shared.clone().next_part(done.rest);
                        self.state = State::Opening(Box::pin(opening));
                    }
                }
            }
        }
    }
}

fn as_body_error(error: StoreError) -> BodyError {
    let kind = match error.kind {
        StoreErrorKind::Corrupt => BodyErrorKind::Corrupt,
        _ => BodyErrorKind::Storage,
    };
    BodyError::with_source(kind, error)
}
