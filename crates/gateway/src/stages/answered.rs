use http::{HeaderMap, StatusCode};
use s3_model::S3Error;
use s3_wire::{Reply, ReplyBody};
use types::{BodyError, Context, Frame};

use crate::exchange::Content;
use crate::gateway::Core;

/// A request carried out, its answer ready to be sent.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) content: Content,
}

impl Answered {
    /// Reads the first bytes of a stream, so that an object that cannot be read is an error with a status and not an answer
    /// that breaks off.
    ///
    /// # Errors
    /// What S3 answers where they cannot be read.
    pub(super) async fn new(core: &Core, cx: &Context, reply: Reply) -> Result<Self, S3Error> {
        let content = match reply.body {
            ReplyBody::Empty => Content::Empty,
            ReplyBody::Document(bytes) => Content::Bytes(bytes),
            ReplyBody::Stream(mut body) => {
                let left_bytes = body.length_bytes();
                let first = loop {
                    match body.next_frame().await {
                        Some(Ok(Frame::Data(data))) => break Some(data),
                        Some(Ok(Frame::Trailer(_))) => {}
                        Some(Err(error)) => return Err(unreadable(core, cx, &error)),
                        None => break None,
                    }
                };
                Content::Stream { first, body, left_bytes }
            }
        };
        Ok(Self { status: reply.status, headers: reply.headers, content })
    }

    /// An answer whose body is at hand.
    pub(super) fn at_hand(reply: Reply) -> Self {
        let content = match reply.body {
            ReplyBody::Empty => Content::Empty,
            ReplyBody::Document(bytes) => Content::Bytes(bytes),
            ReplyBody::Stream(body) => Content::Stream { first: None, left_bytes: body.length_bytes(), body },
        };
        Self { status: reply.status, headers: reply.headers, content }
    }
}

fn unreadable(core: &Core, cx: &Context, error: &BodyError) -> S3Error {
    core.shared.metrics.read_failed(error);
    let cause = error as &(dyn std::error::Error + 'static);
    tracing::error!(request_id = %cx.request_id, error = cause, "stored bytes cannot be read");
    service::body_error(&error.kind)
}
