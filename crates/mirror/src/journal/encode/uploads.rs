use bytes::Bytes;
use record::{Malformed, Reader, Writer};
use store::{UploadChecksum, UploadId, UploadSummary};
use types::{ETag, ObjectKey, Timestamp};

use super::{
    bucket_name, list, option, put_list, put_option, put_target, sequence, target, timestamp, v1, writer,
};
use crate::journal::record::{AbortRecord, FinishedRecord, PartRecord, UploadNumber, UploadRecord};
use crate::target::TargetNumber;

impl UploadRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::UPLOAD);
        writer.checksum_kind(self.checksum.map(|named| (named.algorithm, named.kind)));
        writer.class(self.metadata.storage_class);
        writer.metadata(&self.metadata);
        put_list(&mut writer, &self.targets, |writer, (target, id)| {
            put_target(writer, *target);
            writer.text(id.as_str());
        });
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::UPLOAD)?;
        let checksum = reader.checksum_kind()?;
        let checksum = checksum.map(|(algorithm, kind)| UploadChecksum { algorithm, kind });
        let storage_class = reader.class()?;
        let metadata = reader.metadata(storage_class)?;
        let targets = list(&mut reader, |reader| Ok((target(reader)?, UploadId::from_text(reader.text()?))))?;
        reader.finish()?;
        Ok(Self { metadata, checksum, targets })
    }

    /// What a listing shows of it.
    pub(crate) fn summary(&self, key: ObjectKey, number: UploadNumber) -> UploadSummary {
        UploadSummary {
            key,
            upload_id: number.to_id(),
            initiated_at: Timestamp::from_nanos(number.initiated_nanos),
            storage_class: self.metadata.storage_class,
            checksum: self.checksum.map(|named| (named.algorithm, named.kind)),
        }
    }
}

impl PartRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::PART);
        writer.u64(self.modified_at.as_nanos());
        writer.varint(self.size_bytes);
        writer.etag(&self.etag);
        writer.checksum(self.checksum.as_ref());
        put_list(&mut writer, &self.held, |writer, (target, etag)| {
            put_target(writer, *target);
            put_option(writer, etag.as_ref(), Writer::etag);
        });
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::PART)?;
        let modified_at = timestamp(&mut reader)?;
        let (size_bytes, etag, checksum) = (reader.varint()?, reader.etag()?, reader.checksum()?);
        let held = list(&mut reader, |reader| -> Result<(TargetNumber, Option<ETag>), Malformed> {
            Ok((target(reader)?, option(reader, Reader::etag)?))
        })?;
        reader.finish()?;
        Ok(Self { size_bytes, etag, checksum, modified_at, held })
    }
}

impl FinishedRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::FINISHED);
        writer.u64(self.until.as_nanos());
        writer.u64(self.handle);
        writer.text(&self.key);
        writer.u64(self.sequence.0);
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::FINISHED)?;
        let (until, handle) = (timestamp(&mut reader)?, reader.u64()?);
        let (key, sequence) = (reader.text()?.to_owned(), sequence(&mut reader)?);
        reader.finish()?;
        Ok(Self { until, handle, key, sequence })
    }
}

impl AbortRecord {
    pub(crate) fn encode(&self) -> Bytes {
        let mut writer = writer(v1::ABORT);
        writer.text(self.bucket.as_str());
        writer.text(&self.key);
        writer.text(self.upload_id.as_str());
        writer.finish()
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::open(value, v1::ABORT)?;
        let bucket = bucket_name(&mut reader)?;
        let (key, upload_id) = (reader.text()?.to_owned(), UploadId::from_text(reader.text()?));
        reader.finish()?;
        Ok(Self { bucket, key, upload_id })
    }
}
