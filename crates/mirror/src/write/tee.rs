use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use store::{StoreError, StoreErrorKind};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use types::{Body, BodyError, BodyErrorKind, BodyStream, Frame};

use super::fan::{Call, Fan, Replies};
use crate::core::{Core, PATIENCE, Running};

/// Frames that a target may be behind the fastest one. Targets share the frames, so this bounds what one body holds,
/// however many targets there are.
pub(crate) const WINDOW_FRAMES: usize = 4;

/// Starts a target's write with its own view of the body.
pub(crate) type Start<T> = Arc<dyn Fn(usize, Body) -> Call<T> + Send + Sync>;

enum Message {
    Frame(Frame),
    End,
}

/// What a target sees of a body: all of it, or an error where it was cut off.
struct TargetBody {
    receiver: mpsc::Receiver<Message>,
}

impl BodyStream for TargetBody {
    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        Poll::Ready(match ready!(self.receiver.poll_recv(cx)) {
            Some(Message::Frame(frame)) => Some(Ok(frame)),
            Some(Message::End) => None,
            None => Some(Err(BodyErrorKind::Incomplete.into())),
        })
    }
}

/// The end of a body: its last bytes and what follows them. No target gets it before the write is decided.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    frames: Vec<Frame>,
    /// The size of the whole body.
    pub(crate) size_bytes: u64,
}

struct TailBody(std::vec::IntoIter<Frame>);

impl BodyStream for TailBody {
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame, BodyError>>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

/// Targets that a body is written to, all at once.
///
/// The last frame with bytes is held back: a store makes nothing visible of a body that it has not seen whole, so until
/// [`Writers::finish`] nothing has changed anywhere, and dropping this changes nothing. No target's write begins before
/// there are two frames, so a small body costs no channel.
pub(crate) struct Writers<T> {
    core: Arc<Core>,
    targets: Vec<usize>,
    needed: usize,
    feeds: Vec<(usize, mpsc::Sender<Message>)>,
    fan: Fan<T>,
    start: Start<T>,
    has_started: bool,
    length_bytes: Option<u64>,
}

impl<T: Send + 'static> Writers<T> {
    /// Writers of which `needed` must come through.
    pub(crate) fn new(core: Arc<Core>, targets: Vec<usize>, needed: usize, start: Start<T>) -> Self {
        let fan = Fan::new(core.clone());
        let (feeds, has_started, length_bytes) = (Vec::new(), false, None);
        Self { core, targets, needed, feeds, fan, start, has_started, length_bytes }
    }

    /// The targets that still take part.
    pub(crate) fn targets(&self) -> Vec<usize> {
        if self.has_started {
            self.feeds.iter().map(|(target, _)| *target).collect()
        } else {
            self.targets.clone()
        }
    }

    /// Leaves a target out.
    pub(crate) fn leave_out(&mut self, target: usize) {
        self.targets.retain(|known| *known != target);
        self.feeds.retain(|(known, _)| *known != target);
        let why = StoreError::new(StoreErrorKind::Unavailable, "keep up with the other targets");
        self.fan.cut(target, why);
    }

    /// Streams the body to all targets but for its end, which is returned. A target that takes no frame for a while is left
    /// out as long as enough others go on.
    ///
    /// # Errors
    /// The body's own; that of a target where too few are left. Nothing has changed then.
    pub(crate) async fn stream(&mut self, mut body: Body) -> Result<Tail, StoreError> {
        self.length_bytes = body.length_bytes();
        let (mut held, mut trailers, mut size_bytes) = (None::<Frame>, Vec::new(), 0_u64);
        while let Some(frame) = body.next_frame().await {
            match frame.map_err(refused_body)? {
                Frame::Data(data) => {
                    size_bytes += data.len() as u64;
                    if let Some(earlier) = held.replace(Frame::Data(data)) {
                        self.send(earlier).await?;
                    }
                }
                trailer @ Frame::Trailer(_) => trailers.push(trailer),
            }
        }
        if self.length_bytes.is_some_and(|length| length != size_bytes) {
            return Err(refused_body(BodyErrorKind::Incomplete.into()));
        }
        Ok(Tail { frames: held.into_iter().chain(trailers).collect(), size_bytes })
    }

    fn start_all(&mut self) {
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        for target in &self.targets {
            let (sender, receiver) = mpsc::channel(WINDOW_FRAMES);
            let body = Body::new(TargetBody { receiver }, self.length_bytes);
            self.fan.start(*target, (self.start)(*target, body));
            self.feeds.push((*target, sender));
        }
    }

    /// Gives every target a frame.
    async fn send(&mut self, frame: Frame) -> Result<(), StoreError> {
        self.start_all();
        let needed = self.needed;
        let mut waiting: Vec<usize> = self.targets();
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            let mut slow = Vec::new();
            for target in waiting {
                let Some((_, feed)) = self.feeds.iter().find(|(known, _)| *known == target) else { continue };
                match timeout_at(deadline, feed.send(Message::Frame(frame.clone()))).await {
                    Ok(Ok(())) => {}
                    // Its write has ended before the body did; its reply tells why.
                    Ok(Err(_)) => self.feeds.retain(|(known, _)| *known != target),
                    Err(_) => slow.push(target),
                }
            }
            if self.feeds.len() < needed {
                return Err(self.too_few().await);
            }
            if slow.is_empty() {
                return Ok(());
            }
            if self.feeds.len() - slow.len() >= needed {
                for target in slow {
                    self.leave_out(target);
                    self.core.health.failed(target);
                    self.core.stats.targets[target].cut_off.add(1);
                }
                return Ok(());
            }
            waiting = slow;
            deadline = Instant::now() + PATIENCE;
        }
    }

    /// Why too few targets are left.
    async fn too_few(&mut self) -> StoreError {
        let replies = self.fan.ended_early().await;
        let kind = replies.iter().find_map(|(_, reply)| match reply {
            super::Reply::Refused(error) => same_refusal(&error.kind),
            _ => None,
        });
        match kind {
            Some(kind) => StoreError::new(kind, "write to the targets"),
            None => self.core.unmet("write to the targets"),
        }
    }

    /// Gives every target the end of the body and waits for their replies. From here on things change.
    pub(crate) async fn finish(mut self, tail: Tail, running: impl FnMut(usize) -> Running) -> Replies<T> {
        if self.has_started {
            self.fan.let_go(running);
            for (_, feed) in self.feeds.drain(..) {
                let frames = tail.frames.clone();
                // Ends when the target has taken the end, or has given up its body.
                tokio::spawn(async move {
                    for frame in frames {
                        if feed.send(Message::Frame(frame)).await.is_err() {
                            return;
                        }
                    }
                    let _ = feed.send(Message::End).await;
                });
            }
        } else {
            for target in &self.targets {
                let body = Body::new(TailBody(tail.frames.clone().into_iter()), Some(tail.size_bytes));
                self.fan.start(*target, (self.start)(*target, body));
            }
            self.fan.let_go(running);
        }
        self.fan.collect(self.needed).await
    }
}

/// Says in the store's words what was wrong with a body.
pub(crate) fn refused_body(error: BodyError) -> StoreError {
    let kind = match error.kind {
        BodyErrorKind::DigestMismatch(algorithm) => StoreErrorKind::DigestMismatch(algorithm),
        BodyErrorKind::TrailerMissing(algorithm) => StoreErrorKind::TrailerMissing(algorithm),
        _ => StoreErrorKind::Body(error),
    };
    StoreError::new(kind, "read a body")
}

/// An error that is about the request or lasting, to be told once for all targets.
fn same_refusal(kind: &StoreErrorKind) -> Option<StoreErrorKind> {
    Some(match kind {
        StoreErrorKind::DigestMismatch(algorithm) => StoreErrorKind::DigestMismatch(*algorithm),
        StoreErrorKind::TrailerMissing(algorithm) => StoreErrorKind::TrailerMissing(*algorithm),
        StoreErrorKind::Full(what) => StoreErrorKind::Full(what),
        StoreErrorKind::Unsupported(why) => StoreErrorKind::Unsupported(why),
        StoreErrorKind::Forbidden(why) => StoreErrorKind::Forbidden(why),
        StoreErrorKind::Denied => StoreErrorKind::Denied,
        _ => return None,
    })
}
