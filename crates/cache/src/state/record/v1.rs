//! The first layout. Frozen: another one gets tags of its own.

use bytes::Bytes;
use store::{Bucket, ObjectInfo, Versioning};
use types::{
    BucketName, CanonicalId, Checksum, ChecksumAlgorithm, ChecksumKind, ChecksumValue, ETag, ObjectHeaders,
    ObjectMetadata, Owner, StorageClass, TagSet, Timestamp, VersionId,
};

use super::BucketRecord;
use super::codec::{Malformed, Reader, Writer};
use crate::object::Naming;
use crate::state::{ObjectState, Recorded};

const TAG_OBJECT: u8 = 1;
const TAG_BUCKET: u8 = 2;

pub(super) fn encode_object(state: &ObjectState) -> Bytes {
    let mut writer = Writer::new(TAG_OBJECT);
    writer.u64(state.seen_at.as_nanos());
    writer.u8(u8::from(state.is_complete));
    let info = &state.info;
    writer.bytes(info.etag.as_str().as_bytes());
    writer.u64(info.size_bytes);
    writer.u64(info.modified_at.as_nanos());
    writer.option(info.version_id.as_ref(), |writer, version| writer.bytes(version.as_str().as_bytes()));
    put_metadata(&mut writer, &info.metadata);
    writer.option(info.checksum.as_ref(), put_checksum);
    writer.option(info.part_count, Writer::u32);
    writer.finish()
}

pub(super) fn decode_object(bytes: &[u8]) -> Result<ObjectState, Malformed> {
    let mut reader = Reader::open(bytes, TAG_OBJECT)?;
    let seen_at = Timestamp::from_nanos(reader.u64()?);
    let is_complete = flag(&mut reader)?;
    let info = ObjectInfo {
        etag: ETag::from_text(reader.text()?),
        size_bytes: reader.u64()?,
        modified_at: Timestamp::from_nanos(reader.u64()?),
        version_id: reader.option(|reader| reader.text().map(VersionId::from_text))?,
        metadata: metadata(&mut reader)?,
        checksum: reader.option(checksum)?,
        part_count: reader.option(Reader::u32)?,
        part: None,
    };
    reader.finish()?;
    let recorded_at = Some(seen_at);
    let (naming, recorded) = (Naming::default(), Recorded::default());
    Ok(ObjectState { info, is_complete, seen_at, recorded_at, is_doubtful: false, naming, recorded })
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, Malformed> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed),
    }
}

fn headers_of(headers: &ObjectHeaders) -> [&Option<String>; 7] {
    [
        &headers.cache_control,
        &headers.content_disposition,
        &headers.content_encoding,
        &headers.content_language,
        &headers.content_type,
        &headers.expires,
        &headers.website_redirect_location,
    ]
}

fn put_metadata(writer: &mut Writer, metadata: &ObjectMetadata) {
    for header in headers_of(&metadata.headers) {
        writer.option(header.as_ref(), |writer, text| writer.bytes(text.as_bytes()));
    }
    writer.pairs(metadata.user.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    writer.bytes(metadata.storage_class.as_str().as_bytes());
    writer.pairs(metadata.tags.iter());
}

fn metadata(reader: &mut Reader<'_>) -> Result<ObjectMetadata, Malformed> {
    let mut header = || reader.option(|reader| reader.text().map(str::to_owned));
    let headers = ObjectHeaders {
        cache_control: header()?,
        content_disposition: header()?,
        content_encoding: header()?,
        content_language: header()?,
        content_type: header()?,
        expires: header()?,
        website_redirect_location: header()?,
    };
    Ok(ObjectMetadata {
        headers,
        user: reader.pairs()?,
        storage_class: StorageClass::from_text(reader.text()?).ok_or(Malformed)?,
        tags: tags(reader, TagSet::OBJECT_MAX)?,
    })
}

fn tags(reader: &mut Reader<'_>, max_count: usize) -> Result<TagSet, Malformed> {
    TagSet::new(reader.pairs()?, max_count).map_err(|_| Malformed)
}

fn put_checksum(writer: &mut Writer, checksum: &Checksum) {
    writer.bytes(checksum.algorithm.name().as_bytes());
    writer.u8(u8::from(checksum.kind == ChecksumKind::Composite));
    writer.bytes(checksum.value.as_bytes());
    writer.option(checksum.part_count, Writer::u32);
}

fn checksum(reader: &mut Reader<'_>) -> Result<Checksum, Malformed> {
    Ok(Checksum {
        algorithm: ChecksumAlgorithm::from_name(reader.text()?).ok_or(Malformed)?,
        kind: if flag(reader)? { ChecksumKind::Composite } else { ChecksumKind::FullObject },
        value: ChecksumValue::new(reader.bytes()?).ok_or(Malformed)?,
        part_count: reader.option(Reader::u32)?,
    })
}

const VERSIONING: [Versioning; 3] = [Versioning::Off, Versioning::Enabled, Versioning::Suspended];

pub(super) fn encode_bucket(record: &BucketRecord) -> Bytes {
    let mut writer = Writer::new(TAG_BUCKET);
    let bucket = &record.bucket;
    writer.u64(record.seen_at.as_nanos());
    writer.bytes(bucket.name.as_str().as_bytes());
    writer.bytes(bucket.owner.id.as_str().as_bytes());
    writer.bytes(bucket.owner.display_name.as_bytes());
    writer.u64(bucket.created_at.as_nanos());
    let code = VERSIONING.iter().position(|state| *state == bucket.versioning);
    writer.u8(code.expect("the table holds every state") as u8);
    writer.pairs(bucket.tags.iter());
    writer.u64(bucket.handle);
    writer.u64(bucket.revision);
    writer.finish()
}

pub(super) fn decode_bucket(bytes: &[u8]) -> Result<BucketRecord, Malformed> {
    let mut reader = Reader::open(bytes, TAG_BUCKET)?;
    let seen_at = Timestamp::from_nanos(reader.u64()?);
    let bucket = Bucket {
        name: BucketName::new(reader.text()?).map_err(|_| Malformed)?,
        owner: Owner { id: CanonicalId::from_text(reader.text()?), display_name: reader.text()?.into() },
        created_at: Timestamp::from_nanos(reader.u64()?),
        versioning: *VERSIONING.get(usize::from(reader.u8()?)).ok_or(Malformed)?,
        tags: tags(&mut reader, TagSet::BUCKET_MAX)?,
        handle: reader.u64()?,
        revision: reader.u64()?,
    };
    reader.finish()?;
    Ok(BucketRecord { bucket, seen_at })
}
