use std::ffi::c_void;

use aws_lc_sys::{MD5_CTX, MD5_Final, MD5_Init, MD5_Update};

/// A running MD5. AWS-LC's is the fastest single-stream MD5 at hand, and MD5 is the largest cost of a put.
pub struct Md5(MD5_CTX);

impl Md5 {
    /// The MD5 of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut context = MD5_CTX { h: [0; 4], Nl: 0, Nh: 0, data: [0; 64], num: 0 };
        // SAFETY: `context` is a valid, exclusively borrowed MD5_CTX; MD5_Init only writes to it.
        #[allow(unsafe_code, reason = "AWS-LC has MD5 only behind its C interface")]
        unsafe {
            MD5_Init(&raw mut context);
        }
        Self(context)
    }

    /// Adds bytes.
    pub fn update(&mut self, data: &[u8]) {
        // SAFETY: the context was initialised by `new`; pointer and length describe `data`, which is only read.
        #[allow(unsafe_code, reason = "AWS-LC has MD5 only behind its C interface")]
        unsafe {
            MD5_Update(&raw mut self.0, data.as_ptr().cast::<c_void>(), data.len());
        }
    }

    /// Bytes of the last block that are at hand, where it is not whole; 0 between two blocks.
    pub(crate) fn begun_bytes(&self) -> usize {
        self.0.num as usize
    }

    /// The state between two blocks.
    pub(crate) fn state(&self) -> [u32; 4] {
        debug_assert_eq!(self.begun_bytes(), 0, "between two blocks");
        self.0.h
    }

    /// Takes over the state behind `bytes` more, which are whole blocks that somebody else compressed.
    pub(crate) fn advance(&mut self, state: [u32; 4], bytes: usize) {
        debug_assert_eq!(self.begun_bytes(), 0, "between two blocks");
        let bits = (u64::from(self.0.Nh) << 32 | u64::from(self.0.Nl)).wrapping_add(8 * bytes as u64);
        self.0.h = state;
        (self.0.Nl, self.0.Nh) = (bits as u32, (bits >> 32) as u32);
    }

    /// The digest of all bytes added.
    #[must_use]
    pub fn finish(mut self) -> [u8; 16] {
        let mut digest = [0; 16];
        // SAFETY: the context was initialised by `new`; `digest` has the 16 bytes that MD5_Final writes.
        #[allow(unsafe_code, reason = "AWS-LC has MD5 only behind its C interface")]
        unsafe {
            MD5_Final(digest.as_mut_ptr(), &raw mut self.0);
        }
        digest
    }

    /// The digest of `data`.
    #[must_use]
    pub fn digest(data: &[u8]) -> [u8; 16] {
        let mut md5 = Self::new();
        md5.update(data);
        md5.finish()
    }
}

impl Default for Md5 {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_examples_of_rfc_1321() {
        let hex = |text: &str| types::ETag::from_md5(Md5::digest(text.as_bytes())).as_str().to_owned();
        assert_eq!(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }

    #[test]
    fn pieces_give_the_digest_of_the_whole() {
        let data: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
        let mut md5 = Md5::new();
        data.chunks(977).for_each(|piece| md5.update(piece));
        assert_eq!(md5.finish(), Md5::digest(&data));
    }

    #[test]
    fn the_length_carries_past_32_bits() {
        let (mut counted, state) = (Md5::new(), Md5::new().state());
        counted.advance(state, (1 << 29) - 64);
        assert_eq!((counted.0.Nl, counted.0.Nh), (u32::MAX - 511, 0));
        counted.advance(state, 128);
        assert_eq!((counted.0.Nl, counted.0.Nh), (512, 1));
    }
}
