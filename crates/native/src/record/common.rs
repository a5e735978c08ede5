//! The nouns that several records share.

use types::{
    Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectHeaders, ObjectMetadata, StorageClass, TagSet,
};

use super::codec::{Malformed, Reader, Writer};
use crate::ids::{DataId, Version};

const VERSION_NULL: u8 = 0;
const VERSION_ISSUED: u8 = 1;
const ETAG_MD5: u8 = 0;
const ETAG_TEXT: u8 = 1;
const CHECKSUM_NONE: u8 = 0;
const CHECKSUM_COMPOSITE: u8 = 0x80;

pub(super) fn put_version(writer: &mut Writer, version: Version) {
    writer.u64(version.sequence);
    match version.random {
        None => writer.u8(VERSION_NULL),
        Some(random) => {
            writer.u8(VERSION_ISSUED);
            writer.u64(random);
        }
    }
}

pub(super) fn version(reader: &mut Reader<'_>) -> Result<Version, Malformed> {
    let sequence = reader.u64()?;
    let random = match reader.u8()? {
        VERSION_NULL => None,
        VERSION_ISSUED => Some(reader.u64()?),
        _ => return Err(Malformed),
    };
    Ok(Version { sequence, random })
}

pub(super) fn put_etag(writer: &mut Writer, etag: &ETag) {
    match etag.md5() {
        Some(md5) if ETag::from_md5(md5) == *etag => {
            writer.u8(ETAG_MD5);
            writer.raw(&md5);
        }
        _ => {
            writer.u8(ETAG_TEXT);
            writer.text(etag.as_str());
        }
    }
}

pub(super) fn etag(reader: &mut Reader<'_>) -> Result<ETag, Malformed> {
    match reader.u8()? {
        ETAG_MD5 => Ok(ETag::from_md5(reader.array()?)),
        ETAG_TEXT => Ok(ETag::from_text(reader.text()?)),
        _ => Err(Malformed),
    }
}

/// Codes on disk, 1 to 10, in this order for ever.
const ALGORITHMS: [ChecksumAlgorithm; 10] = [
    ChecksumAlgorithm::Crc32,
    ChecksumAlgorithm::Crc32c,
    ChecksumAlgorithm::Crc64Nvme,
    ChecksumAlgorithm::Sha1,
    ChecksumAlgorithm::Sha256,
    ChecksumAlgorithm::Sha512,
    ChecksumAlgorithm::Md5,
    ChecksumAlgorithm::XxHash64,
    ChecksumAlgorithm::XxHash3,
    ChecksumAlgorithm::XxHash128,
];

fn code_of<T: PartialEq>(table: &[T], value: &T) -> u8 {
    table.iter().position(|entry| entry == value).expect("the table holds every value") as u8
}

/// Writes an algorithm and kind as one byte, 0 for none.
pub(super) fn put_checksum_kind(writer: &mut Writer, checksum: Option<(ChecksumAlgorithm, ChecksumKind)>) {
    let composite = |kind| if kind == ChecksumKind::Composite { CHECKSUM_COMPOSITE } else { 0 };
    writer.u8(checksum
        .map_or(CHECKSUM_NONE, |(algorithm, kind)| (code_of(&ALGORITHMS, &algorithm) + 1) | composite(kind)));
}

pub(super) fn checksum_kind(
    reader: &mut Reader<'_>,
) -> Result<Option<(ChecksumAlgorithm, ChecksumKind)>, Malformed> {
    let code = reader.u8()?;
    if code == CHECKSUM_NONE {
        return Ok(None);
    }
    let kind =
        if code & CHECKSUM_COMPOSITE == 0 { ChecksumKind::FullObject } else { ChecksumKind::Composite };
    let place = usize::from(code & !CHECKSUM_COMPOSITE).checked_sub(1).ok_or(Malformed)?;
    let algorithm = ALGORITHMS.get(place).ok_or(Malformed)?;
    Ok(Some((*algorithm, kind)))
}

pub(super) fn put_checksum(writer: &mut Writer, checksum: Option<&Checksum>) {
    put_checksum_kind(writer, checksum.map(|checksum| (checksum.algorithm, checksum.kind)));
    let Some(checksum) = checksum else { return };
    if checksum.kind == ChecksumKind::Composite {
        writer.varint(u64::from(checksum.part_count.unwrap_or(0)));
    }
    writer.raw(checksum.value.as_bytes());
}

pub(super) fn checksum(reader: &mut Reader<'_>) -> Result<Option<Checksum>, Malformed> {
    let Some((algorithm, kind)) = checksum_kind(reader)? else { return Ok(None) };
    let checksum = match kind {
        ChecksumKind::FullObject => Checksum::full(algorithm, reader.raw(algorithm.value_len())?),
        ChecksumKind::Composite => {
            let part_count = reader.varint32()?;
            Checksum::composite(algorithm, reader.raw(algorithm.value_len())?, part_count)
        }
    };
    checksum.map(Some).ok_or(Malformed)
}

/// Codes on disk, 0 to 12, in this order for ever.
const CLASSES: [StorageClass; 13] = [
    StorageClass::Standard,
    StorageClass::ReducedRedundancy,
    StorageClass::StandardIa,
    StorageClass::OneZoneIa,
    StorageClass::IntelligentTiering,
    StorageClass::Glacier,
    StorageClass::DeepArchive,
    StorageClass::Outposts,
    StorageClass::GlacierIr,
    StorageClass::Snow,
    StorageClass::ExpressOneZone,
    StorageClass::FsxOpenZfs,
    StorageClass::FsxOntap,
];

pub(super) fn put_class(writer: &mut Writer, class: StorageClass) {
    writer.u8(code_of(&CLASSES, &class));
}

pub(super) fn class(reader: &mut Reader<'_>) -> Result<StorageClass, Malformed> {
    CLASSES.get(usize::from(reader.u8()?)).copied().ok_or(Malformed)
}

pub(super) fn data_id(reader: &mut Reader<'_>) -> Result<DataId, Malformed> {
    reader.array().map(DataId::from_bytes)
}

pub(super) fn put_tags(writer: &mut Writer, tags: &TagSet) {
    writer.varint(tags.len() as u64);
    for (key, value) in tags.iter() {
        writer.text(key);
        writer.text(value);
    }
}

pub(super) fn tags(reader: &mut Reader<'_>) -> Result<TagSet, Malformed> {
    let pairs = pairs(reader)?;
    if pairs.is_empty() {
        return Ok(TagSet::default());
    }
    TagSet::new(pairs, usize::MAX).map_err(|_| Malformed)
}

fn pairs(reader: &mut Reader<'_>) -> Result<Vec<(String, String)>, Malformed> {
    let count = reader.count()?;
    (0..count).map(|_| Ok((reader.text()?.to_owned(), reader.text()?.to_owned()))).collect()
}

/// Everything of the metadata but the storage class, which stands further ahead in records.
pub(super) fn put_metadata(writer: &mut Writer, metadata: &ObjectMetadata) {
    let headers = [
        &metadata.headers.cache_control,
        &metadata.headers.content_disposition,
        &metadata.headers.content_encoding,
        &metadata.headers.content_language,
        &metadata.headers.content_type,
        &metadata.headers.expires,
        &metadata.headers.website_redirect_location,
    ];
    let present = headers.iter().enumerate().map(|(bit, header)| u8::from(header.is_some()) << bit);
    writer.u8(present.sum());
    headers.into_iter().flatten().for_each(|header| writer.text(header));
    writer.varint(metadata.user.len() as u64);
    for (name, value) in &metadata.user {
        writer.text(name);
        writer.text(value);
    }
    put_tags(writer, &metadata.tags);
}

pub(super) fn metadata(
    reader: &mut Reader<'_>,
    storage_class: StorageClass,
) -> Result<ObjectMetadata, Malformed> {
    const HEADERS: u8 = 7;
    let present = reader.u8()?;
    if present >> HEADERS != 0 {
        return Err(Malformed);
    }
    let mut header = |bit: u8| match present >> bit & 1 {
        0 => Ok(None),
        _ => reader.text().map(|text| Some(text.to_owned())),
    };
    let headers = ObjectHeaders {
        cache_control: header(0)?,
        content_disposition: header(1)?,
        content_encoding: header(2)?,
        content_language: header(3)?,
        content_type: header(4)?,
        expires: header(5)?,
        website_redirect_location: header(6)?,
    };
    Ok(ObjectMetadata { headers, user: pairs(reader)?, storage_class, tags: tags(reader)? })
}
