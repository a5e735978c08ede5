use bytes::{BufMut, Bytes, BytesMut};
use types::{Checksum, ChecksumAlgorithm, ChecksumKind, ETag};

use super::Damaged;

const COMPOSITE: u8 = 0x80;

/// The code of each algorithm is its place, from 1; 0 is no checksum.
const ALGORITHMS: [ChecksumAlgorithm; 10] = ChecksumAlgorithm::ALL;

/// Writes fields one behind the other, numbers little-endian.
#[derive(Default)]
pub(crate) struct Writer(BytesMut);

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.0.put_u8(value);
        self
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.0.put_u32_le(value);
        self
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.0.put_u64_le(value);
        self
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.put_slice(bytes);
        self
    }

    /// A length in four bytes, then as many bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(u32::try_from(bytes.len()).expect("no field is 4 GiB long")).raw(bytes)
    }

    pub(crate) fn checksum(&mut self, checksum: Option<&Checksum>) -> &mut Self {
        let Some(checksum) = checksum else { return self.u8(0) };
        self.u8(code_of(checksum.algorithm, checksum.kind));
        self.u32(checksum.part_count.unwrap_or(0)).bytes(checksum.value.as_bytes())
    }

    pub(crate) fn etag(&mut self, etag: &ETag) -> &mut Self {
        self.bytes(etag.as_str().as_bytes())
    }

    pub(crate) fn finish(self) -> Bytes {
        self.0.freeze()
    }
}

/// An algorithm and kind in one byte, never 0.
pub(crate) fn code_of(algorithm: ChecksumAlgorithm, kind: ChecksumKind) -> u8 {
    let place = ALGORITHMS.iter().position(|known| *known == algorithm).unwrap_or_default();
    (place as u8 + 1) | if kind == ChecksumKind::Composite { COMPOSITE } else { 0 }
}

/// What a byte of [`code_of`] says.
pub(crate) fn kind_of(code: u8) -> Result<(ChecksumAlgorithm, ChecksumKind), Damaged> {
    let place = usize::from(code & !COMPOSITE).checked_sub(1).ok_or(Damaged)?;
    let algorithm = *ALGORITHMS.get(place).ok_or(Damaged)?;
    let kind = if code & COMPOSITE == 0 { ChecksumKind::FullObject } else { ChecksumKind::Composite };
    Ok((algorithm, kind))
}

/// Reads what a [`Writer`] wrote.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn raw(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (raw, rest) = self.0.split_at_checked(count).ok_or(Damaged)?;
        self.0 = rest;
        Ok(raw)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        self.raw(N)?.try_into().map_err(|_| Damaged)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Damaged> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Damaged> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Damaged> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Damaged> {
        let count = self.u32()? as usize;
        self.raw(count)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Damaged> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damaged)
    }

    pub(crate) fn checksum(&mut self) -> Result<Option<Checksum>, Damaged> {
        let code = self.u8()?;
        if code == 0 {
            return Ok(None);
        }
        let (algorithm, kind) = kind_of(code)?;
        let (part_count, value) = (self.u32()?, self.bytes()?);
        let checksum = match kind {
            ChecksumKind::FullObject => Checksum::full(algorithm, value),
            ChecksumKind::Composite => Checksum::composite(algorithm, value, part_count),
        };
        checksum.map(Some).ok_or(Damaged)
    }

    pub(crate) fn etag(&mut self) -> Result<ETag, Damaged> {
        let text = self.text()?;
        let etag = ETag::from_text(text);
        if etag.as_str() == text { Ok(etag) } else { Err(Damaged) }
    }

    /// Nothing may be left over.
    pub(crate) fn end(self) -> Result<(), Damaged> {
        if self.0.is_empty() { Ok(()) } else { Err(Damaged) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_and_cut_ones_are_refused() {
        let composite = Checksum::composite(ChecksumAlgorithm::Sha1, &[3; 20], 7);
        let full = Checksum::full(ChecksumAlgorithm::XxHash128, &[4; 16]);
        let mut writer = Writer::default();
        writer.u8(1).u32(2).u64(3).bytes(b"abc").etag(&ETag::from_text("e-2"));
        writer.checksum(None).checksum(composite.as_ref()).checksum(full.as_ref());
        let bytes = writer.finish();
        let read = |bytes: &[u8]| -> Result<(), Damaged> {
            let mut reader = Reader(bytes);
            assert_eq!((reader.u8()?, reader.u32()?, reader.u64()?), (1, 2, 3));
            assert_eq!((reader.bytes()?, reader.etag()?), (&b"abc"[..], ETag::from_text("e-2")));
            assert_eq!((reader.checksum()?, reader.checksum()?), (None, composite));
            assert_eq!(reader.checksum()?, full);
            reader.end()
        };
        assert_eq!(read(&bytes), Ok(()));
        (0..bytes.len()).for_each(|cut| assert_eq!(read(&bytes[..cut]), Err(Damaged)));
        assert_eq!(read(&[&bytes[..], &[0]].concat()), Err(Damaged));
    }

    #[test]
    fn every_kind_of_checksum_has_its_code() {
        for algorithm in ALGORITHMS {
            for kind in [ChecksumKind::FullObject, ChecksumKind::Composite] {
                assert_eq!(kind_of(code_of(algorithm, kind)), Ok((algorithm, kind)));
            }
        }
        assert_eq!((kind_of(0), kind_of(11), kind_of(COMPOSITE)), (Err(Damaged), Err(Damaged), Err(Damaged)));
    }
}
