use bytes::{BufMut, Bytes, BytesMut};
use store::{StoreError, StoreErrorKind};
use types::{
    Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectHeaders, ObjectMetadata, StorageClass, TagSet,
};

/// A value is not what its row should hold: an unknown tag, or bytes missing or left over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record has an unknown layout")
    }
}

impl std::error::Error for Malformed {}

impl From<Malformed> for StoreError {
    fn from(malformed: Malformed) -> Self {
        Self::with_source(StoreErrorKind::Corrupt, "read the journal", malformed)
    }
}

/// Writes a value: numbers little-endian, lengths and small numbers as LEB128.
pub(crate) struct Writer(BytesMut);

impl Writer {
    pub(crate) fn new(tag: u8) -> Self {
        let mut bytes = BytesMut::with_capacity(160);
        bytes.put_u8(tag);
        Self(bytes)
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.put_u8(value);
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.0.put_u64_le(value);
    }

    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.put_u8(value as u8);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.put_slice(bytes);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn etag(&mut self, etag: &ETag) {
        match etag.md5() {
            Some(md5) if ETag::from_md5(md5) == *etag => {
                self.u8(ETAG_MD5);
                self.raw(&md5);
            }
            _ => {
                self.u8(ETAG_TEXT);
                self.text(etag.as_str());
            }
        }
    }

    pub(crate) fn checksum_kind(&mut self, checksum: Option<(ChecksumAlgorithm, ChecksumKind)>) {
        self.u8(checksum.map_or(CHECKSUM_NONE, |(algorithm, kind)| {
            let composite = if kind == ChecksumKind::Composite { CHECKSUM_COMPOSITE } else { 0 };
            (code_of(&ALGORITHMS, &algorithm) + 1) | composite
        }));
    }

    pub(crate) fn checksum(&mut self, checksum: Option<&Checksum>) {
        self.checksum_kind(checksum.map(|checksum| (checksum.algorithm, checksum.kind)));
        let Some(checksum) = checksum else { return };
        if checksum.kind == ChecksumKind::Composite {
            self.varint(u64::from(checksum.part_count.unwrap_or(0)));
        }
        self.raw(checksum.value.as_bytes());
    }

    pub(crate) fn tags(&mut self, tags: &TagSet) {
        self.varint(tags.len() as u64);
        for (key, value) in tags.iter() {
            self.text(key);
            self.text(value);
        }
    }

    pub(crate) fn metadata(&mut self, metadata: &ObjectMetadata) {
        self.u8(code_of(&CLASSES, &metadata.storage_class));
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
        self.u8(present.sum());
        headers.into_iter().flatten().for_each(|header| self.text(header));
        self.varint(metadata.user.len() as u64);
        for (name, value) in &metadata.user {
            self.text(name);
            self.text(value);
        }
        self.tags(&metadata.tags);
    }

    pub(crate) fn class(&mut self, class: StorageClass) {
        self.u8(code_of(&CLASSES, &class));
    }

    pub(crate) fn finish(self) -> Bytes {
        self.0.freeze()
    }
}

const ETAG_MD5: u8 = 0;
const ETAG_TEXT: u8 = 1;
const CHECKSUM_NONE: u8 = 0;
const CHECKSUM_COMPOSITE: u8 = 0x80;
/// Headers that a metadata's bitmap names.
const HEADERS: u8 = 7;

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

fn code_of<T: PartialEq>(table: &[T], value: &T) -> u8 {
    table.iter().position(|entry| entry == value).expect("the table holds every value") as u8
}

/// Reads what [`Writer`] wrote.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Opens a value that must have this tag.
    pub(crate) fn open(value: &'a [u8], tag: u8) -> Result<Self, Malformed> {
        match value.split_first() {
            Some((found, rest)) if *found == tag => Ok(Self(rest)),
            _ => Err(Malformed),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                return Err(Malformed);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    pub(crate) fn varint32(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.varint()?).map_err(|_| Malformed)
    }

    /// A count of things that take at least a byte each, so that a damaged count cannot ask for endless memory.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
        if count <= self.0.len() { Ok(count) } else { Err(Malformed) }
    }

    pub(crate) fn raw(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (first, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(first)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.count()?;
        self.raw(len)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    pub(crate) fn etag(&mut self) -> Result<ETag, Malformed> {
        match self.u8()? {
            ETAG_MD5 => Ok(ETag::from_md5(self.array()?)),
            ETAG_TEXT => Ok(ETag::from_text(self.text()?)),
            _ => Err(Malformed),
        }
    }

    pub(crate) fn checksum_kind(&mut self) -> Result<Option<(ChecksumAlgorithm, ChecksumKind)>, Malformed> {
        let code = self.u8()?;
        if code == CHECKSUM_NONE {
            return Ok(None);
        }
        let composite = code & CHECKSUM_COMPOSITE != 0;
        let kind = if composite { ChecksumKind::Composite } else { ChecksumKind::FullObject };
        let place = usize::from(code & !CHECKSUM_COMPOSITE).checked_sub(1).ok_or(Malformed)?;
        let algorithm = ALGORITHMS.get(place).ok_or(Malformed)?;
        Ok(Some((*algorithm, kind)))
    }

    pub(crate) fn checksum(&mut self) -> Result<Option<Checksum>, Malformed> {
        let Some((algorithm, kind)) = self.checksum_kind()? else { return Ok(None) };
        let checksum = match kind {
            ChecksumKind::FullObject => Checksum::full(algorithm, self.raw(algorithm.value_len())?),
            ChecksumKind::Composite => {
                let part_count = self.varint32()?;
                Checksum::composite(algorithm, self.raw(algorithm.value_len())?, part_count)
            }
        };
        checksum.map(Some).ok_or(Malformed)
    }

    pub(crate) fn tags(&mut self) -> Result<TagSet, Malformed> {
        let pairs = self.pairs()?;
        TagSet::new(pairs, usize::MAX).map_err(|_| Malformed)
    }

    fn pairs(&mut self) -> Result<Vec<(String, String)>, Malformed> {
        let count = self.count()?;
        (0..count).map(|_| Ok((self.text()?.to_owned(), self.text()?.to_owned()))).collect()
    }

    pub(crate) fn class(&mut self) -> Result<StorageClass, Malformed> {
        CLASSES.get(usize::from(self.u8()?)).copied().ok_or(Malformed)
    }

    pub(crate) fn metadata(&mut self) -> Result<ObjectMetadata, Malformed> {
        let storage_class = self.class()?;
        let present = self.u8()?;
        if present >> HEADERS != 0 {
            return Err(Malformed);
        }
        let mut header = |bit: u8| match present >> bit & 1 {
            0 => Ok(None),
            _ => self.text().map(|text| Some(text.to_owned())),
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
        let user = self.pairs()?;
        Ok(ObjectMetadata { headers, user, storage_class, tags: self.tags()? })
    }

    /// Ends the reading; bytes left over are an error.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_at_their_bounds_and_overlong_ones_are_refused() {
        for value in [0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, u64::from(u32::MAX), u64::MAX] {
            let mut writer = Writer::new(1);
            writer.varint(value);
            let bytes = writer.finish();
            let mut reader = Reader::open(&bytes, 1).unwrap();
            assert_eq!(reader.varint(), Ok(value));
            assert_eq!(reader.finish(), Ok(()));
        }
        let mut overlong = [0xFF; 11];
        overlong[10] = 0x7F;
        assert_eq!(Reader(&overlong).varint(), Err(Malformed));
        assert_eq!(Reader(&[0xFF; 9]).varint(), Err(Malformed));
    }

    #[test]
    fn a_count_never_exceeds_what_is_there() {
        assert_eq!(Reader(&[0xFF, 0xFF, 0x03, 0, 0]).count(), Err(Malformed));
        assert_eq!(Reader(&[2, 0, 0]).count(), Ok(2));
    }
}
