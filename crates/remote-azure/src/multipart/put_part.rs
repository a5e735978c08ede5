use remote::{PartRecord, UploadRecord};
use store::{PartOptions, PartOutcome, PartProblem, StoreError, StoreErrorKind, UploadRef};
use types::{Body, Context, ETag, ExpectedChecksum, ExpectedDigests};

use crate::object::ChecksumOnly;
use crate::staging::Staged;
use crate::store::Azure;

const OPERATION: &str = "put part";

/// A part as callers see it.
pub(super) fn outcome(part: &PartRecord) -> PartOutcome {
    PartOutcome { etag: part.etag.clone(), checksum: part.checksum, modified_at: part.modified_at }
}

/// A part that is to be an upload's.
pub(super) struct NewPart {
    pub(super) number: u32,
    pub(super) body: Body,
    /// What the bytes must turn out to be.
    pub(super) expected: ExpectedDigests,
}

/// Where a part's bytes are: Azure's tag and the blob's name, a line each.
pub(super) fn encode_place(staged: &Staged) -> Vec<u8> {
    format!("{}\n{}", staged.azure_etag, staged.blob).into_bytes()
}

/// Reads what [`encode_place`] wrote, as tag and name.
pub(super) fn decode_place(provider: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(provider).ok()?.split_once('\n')
}

impl Azure {
    pub(crate) async fn put_part(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        number: u32,
        body: Body,
        options: PartOptions,
    ) -> Result<PartOutcome, StoreError> {
        let record = self.ledger.upload(upload).await?;
        let (body, expected) = expectations(body, options.expected, &record)?;
        self.add_part(cx, &record, NewPart { number, body, expected }, OPERATION).await
    }

    /// Stages a part under a name of its own and makes it the upload's, in place of an earlier one of the number. What it
    /// replaces stays until the upload ends, as a completion may be reading it.
    pub(super) async fn add_part(
        &self,
        cx: &Context,
        upload: &UploadRecord,
        part: NewPart,
        operation: &'static str,
    ) -> Result<PartOutcome, StoreError> {
        let NewPart { number, body, expected } = part;
        let name = self.staged_name(upload.id.as_str(), number);
        let staged = match self.stage(cx, name.clone(), body, expected, operation).await {
            Ok(staged) => staged,
            Err(error) => {
                // Where the answer was lost, it may be there.
                if matches!(error.kind, StoreErrorKind::Unavailable) {
                    self.discard_staged(name);
                }
                return Err(error);
            }
        };
        let part = PartRecord {
            number,
            size_bytes: staged.size_bytes,
            etag: ETag::from_md5(staged.md5),
            checksum: Some(staged.checksum),
            modified_at: self.clock.now(),
            provider: encode_place(&staged),
        };
        match self.ledger.put_part(upload, &part).await {
            Ok(_) => Ok(outcome(&part)),
            Err(error) => {
                self.discard_staged(name);
                Err(error)
            }
        }
    }
}

/// What the bytes must turn out to be so that the part has the upload's kind of checksum. Where the upload named none, a
/// client may still send any, which is verified on the way and not kept.
fn expectations(
    body: Body,
    expected: ExpectedDigests,
    upload: &UploadRecord,
) -> Result<(Body, ExpectedDigests), StoreError> {
    let wanted = assembly::algorithm_of(upload.checksum);
    let sent = match expected.checksum {
        ExpectedChecksum::Default => None,
        ExpectedChecksum::Compute(algorithm) | ExpectedChecksum::Trailer(algorithm) => Some(algorithm),
        ExpectedChecksum::Value(checksum) => Some(checksum.algorithm),
    };
    let computed = ExpectedDigests { checksum: ExpectedChecksum::Compute(wanted), ..expected };
    match sent {
        None => Ok((body, computed)),
        Some(sent) if sent == wanted => Ok((body, expected)),
        Some(_) if upload.checksum.is_none() => Ok((ChecksumOnly::wrap(body, expected.checksum).0, computed)),
        Some(_) => {
            let problem = PartProblem::ChecksumAlgorithm(wanted);
            Err(StoreError::new(StoreErrorKind::Part(problem), OPERATION))
        }
    }
}
