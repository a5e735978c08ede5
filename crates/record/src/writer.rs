use bytes::{BufMut, Bytes, BytesMut};

/// Writes a value: numbers little-endian, lengths and small numbers as LEB128.
#[derive(Debug)]
pub struct Writer(BytesMut);

impl Writer {
    /// A value that begins with this tag, with room for so many bytes to begin with.
    #[must_use]
    pub fn new(tag: u8, capacity: usize) -> Self {
        let mut bytes = BytesMut::with_capacity(capacity);
        bytes.put_u8(tag);
        Self(bytes)
    }

    /// Writes one byte.
    #[inline]
    pub fn u8(&mut self, value: u8) {
        self.0.put_u8(value);
    }

    /// Writes a number of eight bytes.
    #[inline]
    pub fn u64(&mut self, value: u64) {
        self.0.put_u64_le(value);
    }

    /// Writes a number of as many bytes as it takes, seven bits in each.
    #[inline]
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.put_u8(value as u8);
    }

    /// Writes bytes whose number is known to the reader.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.put_slice(bytes);
    }

    /// Writes bytes, their number first.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Writes a text, its length in bytes first.
    #[inline]
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// The value.
    #[must_use]
    pub fn finish(self) -> Bytes {
        self.0.freeze()
    }
}
