use bytes::Bytes;
use record::{Malformed, Reader};
use types::{BucketName, Timestamp, VersionId};

use super::{bucket_name, timestamp, v1, writer};

/// A row of [`crate::journal::keys::Family::Debt`]: the bucket's name and since when.
pub(crate) fn encode_debt(bucket: &BucketName, since: Timestamp) -> Bytes {
    let mut writer = writer(v1::DEBT);
    writer.u64(since.as_nanos());
    writer.text(bucket.as_str());
    writer.finish()
}

/// Reads [`encode_debt`].
pub(crate) fn decode_debt(value: &[u8]) -> Result<(BucketName, Timestamp), Malformed> {
    let mut reader = Reader::open(value, v1::DEBT)?;
    let since = timestamp(&mut reader)?;
    let bucket = bucket_name(&mut reader)?;
    reader.finish()?;
    Ok((bucket, since))
}

/// A version to be removed at a target: the target's own id of it.
pub(crate) fn encode_removal(version_id: &VersionId) -> Bytes {
    let mut writer = writer(v1::REMOVAL);
    writer.text(version_id.as_str());
    writer.finish()
}

/// Reads [`encode_removal`].
pub(crate) fn decode_removal(value: &[u8]) -> Result<VersionId, Malformed> {
    let mut reader = Reader::open(value, v1::REMOVAL)?;
    let version_id = VersionId::from_text(reader.text()?);
    reader.finish()?;
    Ok(version_id)
}
