/// A value is not what its row should hold: an unknown tag, or bytes missing or left over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record has an unknown layout")
    }
}

impl std::error::Error for Malformed {}

/// Reads what [`crate::Writer`] wrote. Every method fails with [`Malformed`] where the bytes are others.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Opens a value that must have this tag.
    ///
    /// # Errors
    /// Where it has another one, or none.
    #[inline]
    pub fn open(value: &'a [u8], tag: u8) -> Result<Self, Malformed> {
        match value.split_first() {
            Some((found, rest)) if *found == tag => Ok(Self(rest)),
            _ => Err(Malformed),
        }
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// Where there is none.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    /// Reads so many bytes.
    ///
    /// # Errors
    /// Where there are fewer.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    /// Reads a number of eight bytes.
    ///
    /// # Errors
    /// Where there are fewer.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// Reads a number of as many bytes as it takes.
    ///
    /// # Errors
    /// Where it does not end, or has more than 64 bits.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, Malformed> {
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

    /// Reads such a number of 32 bits.
    ///
    /// # Errors
    /// Where it has more.
    #[inline]
    pub fn varint32(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.varint()?).map_err(|_| Malformed)
    }

    /// Reads a count of things that take at least a byte each, so that a damaged count cannot ask for endless memory.
    ///
    /// # Errors
    /// Where so many bytes are not there.
    #[inline]
    pub fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
        if count <= self.0.len() { Ok(count) } else { Err(Malformed) }
    }

    /// Reads so many bytes.
    ///
    /// # Errors
    /// Where there are fewer.
    #[inline]
    pub fn raw(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (first, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(first)
    }

    /// Reads bytes whose number comes first.
    ///
    /// # Errors
    /// Where there are fewer.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.count()?;
        self.raw(len)
    }

    /// Reads a text whose length comes first.
    ///
    /// # Errors
    /// Where it is shorter, or not UTF-8.
    #[inline]
    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Where bytes are left over.
    #[inline]
    pub fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Writer;

    #[test]
    fn numbers_round_trip_at_their_bounds_and_overlong_ones_are_refused() {
        for value in [0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, u64::from(u32::MAX), u64::MAX] {
            let mut writer = Writer::new(1, 16);
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
