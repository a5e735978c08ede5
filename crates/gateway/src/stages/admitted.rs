use http::request::Parts;
use s3_model::{Payload, S3Error};
use s3_wire::Routed;
use types::{Body, Context};

use super::answered::Answered;
use super::document::read_document;
use crate::gateway::Core;

/// A request that may be carried out.
pub(super) struct Admitted {
    pub(super) routed: Routed,
    pub(super) admitted: service::Admitted,
    pub(super) body: Body,
}

impl Admitted {
    /// Reads what the request says, carries it out and writes the answer.
    ///
    /// # Errors
    /// What S3 answers to a request that is malformed or cannot be carried out.
    pub(super) async fn carry_out(
        self,
        core: &Core,
        cx: &Context,
        parts: &Parts,
    ) -> Result<Answered, S3Error> {
        let (document, body) = match self.routed.operation().payload() {
            Payload::Document(max_bytes) => {
                let document = read_document(&self.routed, parts, self.body, max_bytes).await?;
                (Some(document), Body::empty())
            }
            Payload::Empty | Payload::Stream | Payload::Form => (None, self.body),
        };
        let input = s3_wire::decode(&self.routed, parts, document)?;
        let output = core.service.call(cx, self.admitted, input, body).await?;
        Answered::new(core, cx, s3_wire::encode(output, &self.routed, core.scheme)).await
    }
}
