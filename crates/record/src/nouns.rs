//! The nouns that several records share.

use types::{
    Checksum, ChecksumAlgorithm, ChecksumKind, ETag, ObjectHeaders, ObjectMetadata, StorageClass, TagSet,
};

use crate::{Malformed, Reader, Writer};

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

impl Writer {
    /// Writes an ETag: the bytes of an MD5, or any other text.
    pub fn etag(&mut self, etag: &ETag) {
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

    /// Writes an algorithm and a kind as one byte, 0 for none.
    pub fn checksum_kind(&mut self, checksum: Option<(ChecksumAlgorithm, ChecksumKind)>) {
        self.u8(checksum.map_or(CHECKSUM_NONE, |(algorithm, kind)| {
            let composite = if kind == ChecksumKind::Composite { CHECKSUM_COMPOSITE } else { 0 };
            (code_of(&ALGORITHMS, &algorithm) + 1) | composite
        }));
    }

    /// Writes a checksum: algorithm and kind, the number of parts of a composite one, the value.
    pub fn checksum(&mut self, checksum: Option<&Checksum>) {
        self.checksum_kind(checksum.map(|checksum| (checksum.algorithm, checksum.kind)));
        let Some(checksum) = checksum else { return };
        if checksum.kind == ChecksumKind::Composite {
            self.varint(u64::from(checksum.part_count.unwrap_or(0)));
        }
        self.raw(checksum.value.as_bytes());
    }

    /// Writes tags, their number first.
    pub fn tags(&mut self, tags: &TagSet) {
        self.varint(tags.len() as u64);
        for (key, value) in tags.iter() {
            self.text(key);
            self.text(value);
        }
    }

    /// Writes a storage class.
    pub fn class(&mut self, class: StorageClass) {
        self.u8(code_of(&CLASSES, &class));
    }

    /// Writes everything of the metadata but the storage class, which stands further ahead in records.
    pub fn metadata(&mut self, metadata: &ObjectMetadata) {
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
}

impl Reader<'_> {
    /// Reads an ETag.
    ///
    /// # Errors
    /// Where it is of an unknown form.
    pub fn etag(&mut self) -> Result<ETag, Malformed> {
        match self.u8()? {
            ETAG_MD5 => Ok(ETag::from_md5(self.array()?)),
            ETAG_TEXT => Ok(ETag::from_text(self.text()?)),
            _ => Err(Malformed),
        }
    }

    /// Reads an algorithm and a kind.
    ///
    /// # Errors
    /// Where the algorithm is unknown.
    pub fn checksum_kind(&mut self) -> Result<Option<(ChecksumAlgorithm, ChecksumKind)>, Malformed> {
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

    /// Reads a checksum.
    ///
    /// # Errors
    /// Where its algorithm is unknown, or its value does not belong to it.
    pub fn checksum(&mut self) -> Result<Option<Checksum>, Malformed> {
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

    /// Reads tags.
    ///
    /// # Errors
    /// Where a name comes twice, or they are no tags.
    pub fn tags(&mut self) -> Result<TagSet, Malformed> {
        let pairs = self.pairs()?;
        if pairs.is_empty() {
            return Ok(TagSet::default());
        }
        TagSet::new(pairs, usize::MAX).map_err(|_| Malformed)
    }

    fn pairs(&mut self) -> Result<Vec<(String, String)>, Malformed> {
        let count = self.count()?;
        (0..count).map(|_| Ok((self.text()?.to_owned(), self.text()?.to_owned()))).collect()
    }

    /// Reads a storage class.
    ///
    /// # Errors
    /// Where it is unknown.
    pub fn class(&mut self) -> Result<StorageClass, Malformed> {
        CLASSES.get(usize::from(self.u8()?)).copied().ok_or(Malformed)
    }

    /// Reads everything of the metadata but the storage class, which was read already.
    ///
    /// # Errors
    /// Where a header or a tag is none.
    pub fn metadata(&mut self, storage_class: StorageClass) -> Result<ObjectMetadata, Malformed> {
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
}
