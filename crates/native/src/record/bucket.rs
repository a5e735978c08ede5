use bytes::Bytes;
use store::{Bucket, Versioning};
use types::{BucketName, CanonicalId, Owner, Timestamp};

use super::v1;
use ::record::{Malformed, Reader, Writer};

const OFF: u8 = 0;
const ENABLED: u8 = 1;
const SUSPENDED: u8 = 2;

/// A bucket record's bytes; the name is in the key.
pub(crate) fn encode_bucket(bucket: &Bucket) -> Bytes {
    let mut writer = Writer::new(v1::BUCKET, 128);
    writer.u64(bucket.handle);
    writer.u64(bucket.created_at.as_nanos());
    writer.u8(match bucket.versioning {
        Versioning::Off => OFF,
        Versioning::Enabled => ENABLED,
        Versioning::Suspended => SUSPENDED,
    });
    writer.text(bucket.owner.id.as_str());
    writer.text(&bucket.owner.display_name);
    writer.tags(&bucket.tags);
    writer.finish()
}

/// Reads [`encode_bucket`]; the revision is the row's.
pub(crate) fn decode_bucket(value: &[u8], name: BucketName, revision: u64) -> Result<Bucket, Malformed> {
    let mut reader = Reader::open(value, v1::BUCKET)?;
    let handle = reader.u64()?;
    let created_at = Timestamp::from_nanos(reader.u64()?);
    let versioning = match reader.u8()? {
        OFF => Versioning::Off,
        ENABLED => Versioning::Enabled,
        SUSPENDED => Versioning::Suspended,
        _ => return Err(Malformed),
    };
    let owner = Owner { id: CanonicalId::from_text(reader.text()?), display_name: reader.text()?.into() };
    let tags = reader.tags()?;
    reader.finish()?;
    Ok(Bucket { name, owner, created_at, versioning, tags, handle, revision })
}
