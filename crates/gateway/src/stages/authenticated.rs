use std::sync::Arc;

use http::request::Parts;
use iam::Principal;
use s3_model::{ErrorCode, Payload, S3Error};
use s3_wire::Routed;
use service::{CopySource, Target};
use types::{Body, Context};

use super::admitted::Admitted;
use super::form::Form;
use super::head;
use crate::gateway::Core;

/// A request whose sender is known.
pub(super) struct Authenticated {
    pub(super) routed: Routed,
    pub(super) who: Arc<Principal>,
    pub(super) body: Body,
}

impl Authenticated {
    /// Checks the proof of identity; the body that is left verifies and decodes itself as it is read.
    ///
    /// # Errors
    /// What S3 answers to a proof that does not hold; `MissingContentLength` where an object's size is not told.
    pub(super) fn verify(core: &Core, parts: &Parts, routed: Routed, body: Body) -> Result<Self, S3Error> {
        let now = core.shared.clock.now();
        let verified = core.verifier.verify(parts, &routed, body, now)?;
        let sized = head::tells_length(parts) && verified.body.length_bytes().is_some();
        if routed.operation().payload() == Payload::Stream && !sized {
            return Err(ErrorCode::MissingContentLength.into());
        }
        Ok(Self { routed, who: verified.who, body: verified.body })
    }

    pub(super) fn who(&self) -> &Arc<Principal> {
        &self.who
    }

    /// The request as an upload form, whose fields bear the proof of identity; itself where it is none.
    pub(super) fn into_form(self) -> Result<Form, Box<Self>> {
        if self.routed.operation().payload() == Payload::Form {
            Ok(Form { routed: self.routed, body: self.body })
        } else {
            Err(Box::new(self))
        }
    }

    /// Asks whether the request may be carried out.
    ///
    /// # Errors
    /// As [`service::Service::admit`].
    pub(super) async fn admit(self, core: &Core, cx: &Context) -> Result<Admitted, S3Error> {
        let admitted = core.service.admit(cx, self.who, target_of(&self.routed)).await?;
        Ok(Admitted { routed: self.routed, admitted, body: self.body })
    }
}

/// What a routed request is about.
pub(super) fn target_of(routed: &Routed) -> Target {
    let source = routed.copy_source().map(|source| CopySource {
        bucket: source.bucket.clone(),
        key: source.key.clone(),
        version_id: source.version_id.clone(),
    });
    Target {
        operation: routed.operation(),
        bucket: routed.bucket().cloned(),
        key: routed.key().cloned(),
        version_id: routed.version_id().cloned(),
        copy_source: source,
        expected_owner: routed.expected_bucket_owner().map(str::to_owned),
        expected_source_owner: routed.expected_source_owner().map(str::to_owned),
    }
}
