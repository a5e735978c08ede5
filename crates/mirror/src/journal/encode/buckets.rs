use bytes::Bytes;
use record::{Malformed, Reader};
use store::Versioning;
use types::{CanonicalId, Owner};

use super::{list, put_list, put_target, target, timestamp, v1, writer};
use crate::journal::record::{BucketDebt, BucketRecord, Coverage, Member};

const OFF: u8 = 0;
const ENABLED: u8 = 1;
const SUSPENDED: u8 = 2;
const WHOLE: u8 = 0;
const PARTIAL: u8 = 1;
const FULL: u8 = 0;
const FILLING: u8 = 1;
const OWES: u8 = 2;
const NEW: u8 = 3;

impl BucketRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::BUCKET);
        writer.u64(self.handle);
        writer.varint(self.revision);
        writer.u64(self.created_at.as_nanos());
        writer.u8(match self.versioning {
            Versioning::Off => OFF,
            Versioning::Enabled => ENABLED,
            Versioning::Suspended => SUSPENDED,
        });
        writer.u8(if self.coverage == Coverage::Whole { WHOLE } else { PARTIAL });
        writer.text(self.owner.id.as_str());
        writer.text(&self.owner.display_name);
        writer.tags(&self.tags);
        put_list(&mut writer, &self.members, |writer, (number, member)| {
            put_target(writer, *number);
            writer.u8(match member {
                Member::Full => FULL,
                Member::Filling => FILLING,
                Member::Owes => OWES,
                Member::New => NEW,
            });
        });
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::BUCKET)?;
        let (handle, revision, created_at) = (reader.u64()?, reader.varint()?, timestamp(&mut reader)?);
        let versioning = match reader.u8()? {
            OFF => Versioning::Off,
            ENABLED => Versioning::Enabled,
            SUSPENDED => Versioning::Suspended,
            _ => return Err(Malformed),
        };
        let coverage = match reader.u8()? {
            WHOLE => Coverage::Whole,
            PARTIAL => Coverage::Partial,
            _ => return Err(Malformed),
        };
        let owner = Owner { id: CanonicalId::from_text(reader.text()?), display_name: reader.text()?.into() };
        let tags = reader.tags()?;
        let members = list(&mut reader, |reader| {
            let number = target(reader)?;
            let member = match reader.u8()? {
                FULL => Member::Full,
                FILLING => Member::Filling,
                OWES => Member::Owes,
                NEW => Member::New,
                _ => return Err(Malformed),
            };
            Ok((number, member))
        })?;
        reader.finish()?;
        Ok(Self { handle, revision, owner, created_at, tags, versioning, coverage, members })
    }
}

impl BucketDebt {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::BUCKET_DEBT);
        writer.u64(self.since.as_nanos());
        put_list(&mut writer, &self.removed, |writer, handle| writer.u64(*handle));
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::BUCKET_DEBT)?;
        let since = timestamp(&mut reader)?;
        let removed = list(&mut reader, Reader::u64)?;
        reader.finish()?;
        Ok(Self { since, removed })
    }
}
