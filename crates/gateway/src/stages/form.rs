use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Bytes;
use http::header;
use http::request::Parts;
use s3_auth::PostForm;
use s3_model::{Input, S3Error};
use s3_wire::Routed;
use s3_wire::form::{FormEvent, FormFields, FormReader};
use service::Target;
use types::{Body, BodyError, BodyErrorKind, BodyStream, Context, Frame};

use super::answered::Answered;
use super::authenticated::target_of;
use crate::exchange::Account;
use crate::gateway::Core;

/// An upload form: its proof of identity stands in its fields, so they are read before anything is decided.
pub(super) struct Form {
    pub(super) routed: Routed,
    pub(super) body: Body,
}

impl Form {
    /// Reads the fields, asks whether they allow the upload, carries it out and writes the answer.
    ///
    /// # Errors
    /// What S3 answers to a form that is malformed, not allowed, or cannot be carried out.
    pub(super) async fn carry_out(
        mut self,
        core: &Core,
        cx: &Context,
        account: &mut Account,
        parts: &Parts,
    ) -> Result<Answered, S3Error> {
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut file = FormFile { reader: FormReader::new(kind)?, left: Bytes::new(), body: None };
        let fields = read_fields(&mut file, &mut self.body).await?;
        file.body = Some(self.body);
        let input = s3_wire::decode_post(&fields)?;
        account.key = Some(input.key.clone());
        let mut target: Target = target_of(&self.routed);
        target.key = Some(input.key.clone());
        let Some(bucket) = &target.bucket else {
            return Err(S3Error::invalid_request("A form upload names a bucket."));
        };
        let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let form = PostForm { fields: &pairs, bucket, key: input.key.as_str() };
        let grant = core.verifier.verify_form(&form, core.shared.clock.now())?;
        account.who = Some(grant.who.clone());
        let admitted = core.service.admit(cx, grant.who.clone(), target).await?;
        let body = grant.limit(Body::new(file, None));
        let output = core.service.call(cx, admitted, Input::PostObject(Box::new(input)), body).await?;
        Answered::new(core, cx, s3_wire::encode(output, &self.routed, core.scheme)).await
    }
}

async fn read_fields(file: &mut FormFile, body: &mut Body) -> Result<FormFields, S3Error> {
    loop {
        match file.reader.next(&mut file.left)? {
            Some(FormEvent::File(fields)) => return Ok(fields),
            Some(FormEvent::Data(_) | FormEvent::End) => {
                return Err(service::body_error(&BodyErrorKind::Malformed("a form has its fields first")));
            }
            None => {}
        }
        match body.next_frame().await {
            Some(Ok(Frame::Data(data))) => file.left = data,
            Some(Ok(Frame::Trailer(_))) => {}
            Some(Err(error)) => return Err(service::body_error(&error.kind)),
            None => return Err(service::body_error(&BodyErrorKind::Incomplete)),
        }
    }
}

/// The file of a form as a body.
struct FormFile {
    reader: FormReader,
    /// What has come of the form and is not taken apart yet.
    left: Bytes,
    /// What comes; taken at its end.
    body: Option<Body>,
}

impl BodyStream for FormFile {
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame, BodyError>>> {
        let this = &mut *self;
        loop {
            match this.reader.next(&mut this.left) {
                Ok(Some(FormEvent::Data(data))) if data.is_empty() => {}
                Ok(Some(FormEvent::Data(data))) => return Poll::Ready(Some(Ok(Frame::Data(data)))),
                Ok(Some(FormEvent::File(_))) => {
                    return failed(BodyErrorKind::Malformed("a form has one file"));
                }
                Err(_) => return failed(BodyErrorKind::Malformed("the form's file is not well-formed")),
                Ok(Some(FormEvent::End)) => {}
                Ok(None) => {
                    let Some(body) = &mut this.body else { return Poll::Ready(this.end()) };
                    match ready!(body.poll_frame(cx)) {
                        Some(Ok(Frame::Data(data))) => this.left = data,
                        Some(Ok(Frame::Trailer(_))) => {}
                        Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                        None => this.body = None,
                    }
                }
            }
        }
    }
}

impl FormFile {
    fn end(&self) -> Option<Result<Frame, BodyError>> {
        self.reader.finish().err().map(|kind| Err(kind.into()))
    }
}

fn failed(kind: BodyErrorKind) -> Poll<Option<Result<Frame, BodyError>>> {
    Poll::Ready(Some(Err(kind.into())))
}
