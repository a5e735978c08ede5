use http::Method;
use store::{PartOptions, PartOutcome, PartProblem, StoreError, StoreErrorKind, UploadRef};
use types::{Body, ChecksumAlgorithm, Context, ExpectedChecksum};

use crate::store::Inner;
use crate::store::put::refused;
use crate::store::spill::Gathered;
use crate::store::uploads::of_upload;
use crate::wire::Call;
use crate::{checksum, headers};

const OPERATION: &str = "put a part";
const LENGTH_UNKNOWN: &str = "the service that holds the data takes parts of a known length only";

impl Inner {
    pub(super) async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let begun = self.begun(cx, upload).await?;
        if let (Some(named), Some(algorithm)) = (begun.named, stated(&options.expected.checksum))
            && named.algorithm != algorithm
        {
            let problem = PartProblem::ChecksumAlgorithm(named.algorithm);
            return Err(StoreError::new(StoreErrorKind::Part(problem), OPERATION));
        }
        let Gathered::Whole(body) = self.gather(body).await? else {
            return Err(StoreError::new(StoreErrorKind::Unsupported(LENGTH_UNKNOWN), OPERATION));
        };
        let give = begun.given.map(|given| given.algorithm);
        // Putting a part twice is putting it once.
        let call = Call::object(Method::PUT, upload.bucket.name.as_str(), upload.key.as_str())
            .with("partNumber", &number.to_string())
            .with("uploadId", upload.id.as_str());
        let load = self.load(call, body, options.expected, give).await?;
        let answer = self.wire.plain(cx, load.call).await;
        let answer = answer.map_err(|failure| of_upload(refused(failure, &options.expected, OPERATION)))?;
        let malformed = || remote::RemoteError::from(remote::RemoteErrorKind::Malformed("it has no ETag"));
        let etag = headers::etag(&answer).ok_or_else(|| malformed().into_store(OPERATION))?;
        let sent = load.receipt.sent().unwrap_or_default();
        if sent.md5.is_some_and(|md5| etag.md5().is_some_and(|theirs| theirs != md5)) {
            // The wrong part stays in the upload until it is put again: its tag, which no client has, keeps it out of any
            // object.
            return Err(StoreError::with_source(
                StoreErrorKind::Unavailable,
                OPERATION,
                "another part was stored",
            ));
        }
        Ok(PartOutcome {
            etag,
            checksum: checksum::of_headers(&answer).or(sent.checksum),
            modified_at: self.date_of(&answer),
        })
    }
}

/// The algorithm that the client states for a part.
fn stated(expected: &ExpectedChecksum) -> Option<ChecksumAlgorithm> {
    match expected {
        ExpectedChecksum::Default => None,
        ExpectedChecksum::Compute(_) | ExpectedChecksum::Value(_) | ExpectedChecksum::Trailer(_) => {
            Some(expected.algorithm())
        }
    }
}
