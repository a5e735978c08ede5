use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use types::{ByteRange, Checksum, ChecksumAlgorithm, ChecksumKind, ETag};

use super::{percent_decode, percent_encode};

/// The longest part table that rides with the blob; a longer one stands in the ledger alone.
const TABLE_MAX_BYTES: usize = 1024;

/// What S3 clients recognise an object by, as it rides with the blob in one metadata entry: `name=value` pairs between
/// semicolons. Whoever replaces the bytes and keeps the metadata is noticed by the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Which write made the blob, so that a write whose answer was lost is found.
    pub(crate) id: String,
    /// The size of the bytes.
    pub(crate) size_bytes: u64,
    /// The entity tag, where it is not the blob's `Content-MD5`.
    pub(crate) etag: Option<ETag>,
    /// The checksum, where it was known before the bytes were sent.
    pub(crate) checksum: Option<Checksum>,
    /// How many parts there are, where it was uploaded in parts.
    pub(crate) part_count: Option<u32>,
    /// Numbers and sizes of the parts, where they fit.
    pub(crate) parts: Option<PartTable>,
    /// The client named no content type, whatever Azure shows.
    pub(crate) untyped: bool,
    /// The ledger knows more.
    pub(crate) more: bool,
}

impl Facts {
    /// As the entry's value.
    pub(crate) fn encode(&self) -> String {
        let mut text = format!("v=1;id={};size={}", self.id, self.size_bytes);
        let mut push = |name: &str, value: &str| {
            text.push(';');
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        };
        if let Some(etag) = &self.etag {
            push("etag", &percent_encode(etag.as_str()));
        }
        if let Some(checksum) = &self.checksum {
            push("checksum", &encode_checksum(checksum));
        }
        if let Some(count) = self.part_count {
            push("count", &count.to_string());
        }
        if let Some(table) =
            self.parts.as_ref().map(PartTable::encode).filter(|text| text.len() <= TABLE_MAX_BYTES)
        {
            push("parts", &table);
        }
        if self.untyped {
            push("untyped", "1");
        }
        if self.more {
            push("more", "1");
        }
        text
    }

    /// Reads an entry; `None` where it is none of ours, or of another state of the blob.
    pub(crate) fn decode(text: &str, size_bytes: u64) -> Option<Self> {
        let mut facts = Self::default();
        let mut pairs = text.split(';').map(|pair| pair.split_once('='));
        if pairs.next()? != Some(("v", "1")) {
            return None;
        }
        for pair in pairs {
            let (name, value) = pair?;
            match name {
                "id" => value.clone_into(&mut facts.id),
                "size" => facts.size_bytes = value.parse().ok()?,
                "etag" => facts.etag = Some(ETag::from_text(&percent_decode(value)?)),
                "checksum" => facts.checksum = Some(decode_checksum(value)?),
                "count" => facts.part_count = Some(value.parse().ok()?),
                "parts" => facts.parts = Some(PartTable::decode(value)?),
                "untyped" => facts.untyped = true,
                "more" => facts.more = true,
                _ => {}
            }
        }
        (facts.size_bytes == size_bytes).then_some(facts)
    }
}

/// `CRC32:BASE64`, or `CRC32:BASE64-N` for one over N parts' checksums.
fn encode_checksum(checksum: &Checksum) -> String {
    let value = STANDARD.encode(checksum.value.as_bytes());
    match checksum.part_count {
        Some(count) if checksum.kind == ChecksumKind::Composite => {
            format!("{}:{value}-{count}", checksum.algorithm.name())
        }
        _ => format!("{}:{value}", checksum.algorithm.name()),
    }
}

fn decode_checksum(text: &str) -> Option<Checksum> {
    let (name, value) = text.split_once(':')?;
    let algorithm = ChecksumAlgorithm::from_name(name)?;
    match value.split_once('-') {
        Some((value, count)) => {
            Checksum::composite(algorithm, &STANDARD.decode(value).ok()?, count.parse().ok()?)
        }
        None => Checksum::full(algorithm, &STANDARD.decode(value).ok()?),
    }
}

/// A part of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TablePart {
    pub(crate) number: u32,
    pub(crate) range: ByteRange,
    pub(crate) checksum: Option<Checksum>,
}

/// Numbers, sizes and checksums of an object's parts, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartTable(Vec<TablePart>);

impl PartTable {
    /// A table of parts, each a number above the one before, its size and its checksum.
    pub(crate) fn new(parts: impl IntoIterator<Item = (u32, u64, Option<Checksum>)>) -> Self {
        let mut table = Vec::new();
        let mut start = 0_u64;
        for (number, size_bytes, checksum) in parts {
            let end = start.saturating_add(size_bytes);
            table.push(TablePart { number, range: ByteRange { start, end }, checksum });
            start = end;
        }
        Self(table)
    }

    pub(crate) fn parts(&self) -> &[TablePart] {
        &self.0
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn size_bytes(&self) -> u64 {
        self.0.last().map_or(0, |part| part.range.end)
    }

    /// Runs of neighbouring numbers of one size: `1-9*5242880,10*17`.
    fn encode(&self) -> String {
        let mut runs: Vec<(u32, u32, u64)> = Vec::new();
        for part in &self.0 {
            match runs.last_mut() {
                Some((_, last, size)) if *last + 1 == part.number && *size == part.range.len() => {
                    *last = part.number;
                }
                _ => runs.push((part.number, part.number, part.range.len())),
            }
        }
        let run = |(first, last, size): &(u32, u32, u64)| match first == last {
            true => format!("{first}*{size}"),
            false => format!("{first}-{last}*{size}"),
        };
        runs.iter().map(run).collect::<Vec<_>>().join(",")
    }

    fn decode(text: &str) -> Option<Self> {
        let mut parts: Vec<(u32, u64, Option<Checksum>)> = Vec::new();
        for run in text.split(',') {
            let (numbers, size) = run.split_once('*')?;
            let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
            let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
            if last > PART_NUMBER_MAX || parts.last().is_some_and(|(before, ..)| *before >= first) {
                return None;
            }
            let size: u64 = size.parse().ok()?;
            parts.extend((first..=last).map(|number| (number, size, None)));
        }
        Some(Self::new(parts))
    }

    /// All of it, as the ledger keeps it: a version, then per part its number, size, and checksum behind a tag and length.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![TABLE_VERSION];
        for part in &self.0 {
            bytes.extend_from_slice(&part.number.to_le_bytes());
            bytes.extend_from_slice(&part.range.len().to_le_bytes());
            let value = part.checksum.as_ref().map_or(&[][..], |checksum| checksum.value.as_bytes());
            bytes.push(part.checksum.map_or(NO_CHECKSUM, |checksum| checksum_tag(checksum.algorithm)));
            bytes.extend_from_slice(value);
        }
        bytes
    }

    /// Reads a ledger's table of an object of `size_bytes`; `None` where it is another's.
    pub(crate) fn from_bytes(bytes: &[u8], size_bytes: u64) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let (number, tail) = rest.split_first_chunk::<4>()?;
            let (size, tail) = tail.split_first_chunk::<8>()?;
            let (tag, tail) = tail.split_first()?;
            let (checksum, tail) = match *tag {
                NO_CHECKSUM => (None, tail),
                tag => {
                    let algorithm =
                        ChecksumAlgorithm::ALL.into_iter().find(|one| checksum_tag(*one) == tag)?;
                    let (value, tail) = tail.split_at_checked(algorithm.value_len())?;
                    (Some(Checksum::full(algorithm, value)?), tail)
                }
            };
            parts.push((u32::from_le_bytes(*number), u64::from_le_bytes(*size), checksum));
            rest = tail;
        }
        let table = Self::new(parts);
        (*version == TABLE_VERSION && table.size_bytes() == size_bytes).then_some(table)
    }
}

/// The highest part number. Source: "Amazon S3 multipart upload limits".
const PART_NUMBER_MAX: u32 = 10_000;
const TABLE_VERSION: u8 = 1;
const NO_CHECKSUM: u8 = 0;

/// The byte that stands for an algorithm on disk.
fn checksum_tag(algorithm: ChecksumAlgorithm) -> u8 {
    match algorithm {
        ChecksumAlgorithm::Crc32 => 1,
        ChecksumAlgorithm::Crc32c => 2,
        ChecksumAlgorithm::Crc64Nvme => 3,
        ChecksumAlgorithm::Sha1 => 4,
        ChecksumAlgorithm::Sha256 => 5,
        ChecksumAlgorithm::Sha512 => 6,
        ChecksumAlgorithm::Md5 => 7,
        ChecksumAlgorithm::XxHash64 => 8,
        ChecksumAlgorithm::XxHash3 => 9,
        ChecksumAlgorithm::XxHash128 => 10,
    }
}

#[cfg(test)]
mod tests {
    use hash::Hasher;

    use super::*;

    fn facts() -> Facts {
        Facts {
            id: "0123".to_owned(),
            size_bytes: 35,
            etag: Some(ETag::from_text("odd ;=%tag-2")),
            checksum: Checksum::composite(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4], 4),
            part_count: Some(4),
            parts: Some(PartTable::new([(1, 10, None), (2, 10, None), (4, 10, None), (9, 5, None)])),
            untyped: true,
            more: true,
        }
    }

    /// A released form: blobs in the field bear it.
    #[test]
    fn the_form_is_frozen() {
        let text = "v=1;id=0123;size=35;etag=odd%20%3B%3D%25tag-2;checksum=CRC32:AQIDBA==-4;count=4;parts=1-2*10,4*10,9*5;untyped=1;more=1";
        assert_eq!(facts().encode(), text);
        assert_eq!(Facts::decode(text, 35), Some(facts()));
        assert_eq!(Facts::decode(text, 36), None, "other bytes");
        let later = format!("{text};coming=later");
        assert_eq!(Facts::decode(&later, 35), Some(facts()));
        for wrong in [
            "",
            "v=2;size=0",
            "v=1;size",
            "v=1;size=0;checksum=CRC32:AA==",
            "v=1;size=0;parts=2*1,1*1",
            "v=1;size=0;parts=1-99999999*1",
        ] {
            assert_eq!(Facts::decode(wrong, 0), None, "{wrong}");
        }
    }

    /// A released form: ledgers in the field hold it.
    #[test]
    fn the_bytes_of_a_table_are_frozen() {
        let crc = Checksum::full(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4]);
        let table = PartTable::new([(2, 7, crc), (300, 1, None)]);
        let bytes = [
            &[1, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4][..],
            &[44, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(table.to_bytes(), bytes);
        assert_eq!(PartTable::from_bytes(&bytes, 8), Some(table));
        assert_eq!(PartTable::from_bytes(&[2], 0), None, "an unknown version");
    }

    #[test]
    fn a_table_that_does_not_fit_stands_in_the_ledger_alone() {
        let checksum = Hasher::checksum(ChecksumAlgorithm::Sha512, b"x");
        let table = PartTable::new((1..=10_000).map(|number| (number, u64::from(number), Some(checksum))));
        let facts = Facts { parts: Some(table.clone()), ..facts() };
        assert!(!facts.encode().contains("parts="));
        let bytes = table.to_bytes();
        assert!(bytes.len() < 1 << 20, "{}", bytes.len());
        assert_eq!(PartTable::from_bytes(&bytes, 50_005_000), Some(table));
        assert_eq!(PartTable::from_bytes(&bytes, 50_005_001), None);
        assert_eq!(PartTable::from_bytes(&bytes[..bytes.len() - 1], 50_005_000), None);
    }
}
