use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::SizeHint;
use types::{Body, BodyError, Frame};

use super::account::{Account, Outcome};
use super::progress::{H2_PIECE_BYTES, Progress};
use crate::conn::Framing;

/// What an answer is made of.
pub(crate) enum Content {
    /// No bytes.
    Empty,
    /// Bytes at hand.
    Bytes(Bytes),
    /// A stream.
    Stream {
        /// Bytes that were read already: its first, before the head was sent, or the rest of a frame that was cut.
        first: Option<Bytes>,
        /// The bytes behind.
        body: Body,
        /// How many are left.
        left_bytes: Option<u64>,
    },
}

/// An answer's body as hyper takes it, and the account of its request, which closes with it.
pub(crate) struct AnswerBody {
    content: Content,
    /// Watched where the connection's own writes do not tell how this answer fares.
    progress: Option<Arc<Progress>>,
    account: Box<Account>,
}

impl AnswerBody {
    /// `stall` is the longest that the peer may leave the answer untaken.
    pub(crate) fn new(content: Content, stall: Duration, mut account: Box<Account>) -> Self {
        if matches!(content, Content::Empty | Content::Stream { left_bytes: Some(0), .. }) {
            account.outcome = Outcome::Complete;
        }
        let peer = account.peer();
        let is_watched = matches!(content, Content::Stream { .. }) && peer.framing == Framing::Multiplexed;
        let progress = is_watched.then(|| Progress::watched(stall, peer.activity.clone()));
        Self { content, progress, account }
    }

    /// Declares that no body byte will be asked for: the answer to a HEAD is complete with its head.
    pub(crate) fn head_only(mut account: Box<Account>) -> Self {
        account.outcome = Outcome::Complete;
        Self { content: Content::Empty, progress: None, account }
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let Content::Stream { first, body, .. } = &mut self.content else { return Poll::Ready(None) };
        let polled = match first.take() {
            Some(data) => Some(Ok(data)),
            None => ready!(poll_data(body, cx)),
        };
        Poll::Ready(match polled {
            Some(Ok(data)) => Some(Ok(self.hand_over(data))),
            Some(Err(error)) => {
                self.account.fail(&error);
                Some(Err(error))
            }
            None => {
                self.account.outcome = Outcome::Complete;
                None
            }
        })
    }

    /// Counts a frame, and cuts it where pieces are to be small.
    fn hand_over(&mut self, mut data: Bytes) -> Bytes {
        let Content::Stream { first, left_bytes, .. } = &mut self.content else { return data };
        if self.progress.is_some() && data.len() > H2_PIECE_BYTES {
            *first = Some(data.split_off(H2_PIECE_BYTES));
        }
        if let Some(left) = left_bytes {
            *left = left.saturating_sub(data.len() as u64);
        }
        if *left_bytes == Some(0) {
            self.account.outcome = Outcome::Complete;
        }
        data
    }
}

/// The next bytes; trailers mean nothing in an answer.
fn poll_data(body: &mut Body, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
    loop {
        match ready!(body.poll_frame(cx)) {
            Some(Ok(Frame::Data(data))) => return Poll::Ready(Some(Ok(data))),
            Some(Ok(Frame::Trailer(_))) => {}
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        }
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Some(progress) = &this.progress {
            progress.asked();
        }
        let polled = match &mut this.content {
            Content::Empty => None,
            Content::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                this.content = Content::Empty;
                this.account.outcome = Outcome::Complete;
                Some(Ok(bytes)).filter(|bytes| bytes.as_ref().is_ok_and(|bytes: &Bytes| !bytes.is_empty()))
            }
            Content::Stream { .. } => ready!(this.poll_stream(cx)),
        };
        if let Some(Ok(data)) = &polled {
            this.account.sent_bytes += data.len() as u64;
        }
        if let Some(progress) = &this.progress {
            progress.gave();
        }
        Poll::Ready(polled.map(|data| data.map(http_body::Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Bytes(bytes) => bytes.is_empty(),
            Content::Stream { left_bytes, .. } => *left_bytes == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream { left_bytes: Some(left), .. } => SizeHint::with_exact(*left),
            Content::Stream { .. } => SizeHint::default(),
        }
    }
}
