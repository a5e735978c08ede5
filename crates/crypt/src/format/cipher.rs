use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use types::Random;
use zeroize::Zeroizing;

/// Bytes of every key.
pub const KEY_BYTES: usize = 32;
/// Bytes that sealing adds to a message.
pub const TAG_BYTES: usize = 16;
/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;

/// How segments are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// AES-256-GCM, the fastest where the processor has AES instructions.
    #[default]
    Aes256Gcm,
    /// ChaCha20-Poly1305, the fastest where it has none.
    ChaCha20Poly1305,
}

impl Algorithm {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Aes256Gcm => 1,
            Self::ChaCha20Poly1305 => 2,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Aes256Gcm, Self::ChaCha20Poly1305].into_iter().find(|algorithm| algorithm.code() == code)
    }
}

/// A sealed message does not open, or bytes are not what their layout asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sealed bytes do not match what they were sealed as")
    }
}

impl std::error::Error for Damaged {}

/// A secret of 32 bytes. It leaves no copy behind in memory, and no message shows it.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Takes a secret's bytes.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new one.
    #[must_use]
    pub fn random(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random.fill(&mut *bytes);
        Self(bytes)
    }

    /// Its bytes; `None` where they are not 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Some(Self::new(bytes.try_into().ok()?))
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Another secret for one use. Source: RFC 5869, HKDF with SHA-256.
    pub(crate) fn derive(&self, salt: &[u8], info: &[&[u8]]) -> Self {
        let mut derived = Zeroizing::new([0; KEY_BYTES]);
        Salt::new(HKDF_SHA256, salt)
            .extract(self.expose())
            .expand(info, HKDF_SHA256)
            .and_then(|output| output.fill(&mut *derived))
            .expect("32 bytes are within what HKDF gives");
        Self(derived)
    }
}

/// Seals and opens messages under one key.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    pub(crate) fn new(algorithm: Algorithm, secret: &Secret) -> Self {
        let algorithm = match algorithm {
            Algorithm::Aes256Gcm => &AES_256_GCM,
            Algorithm::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        };
        let key = UnboundKey::new(algorithm, secret.expose()).expect("both algorithms take 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals `plain` into `out`, which is [`TAG_BYTES`] longer.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_BYTES], aad: &[u8], plain: &[u8], out: &mut [u8]) {
        let (sealed, tag) = out.split_at_mut(plain.len());
        self.0
            .seal_out_of_place_scatter(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                plain,
                sealed,
                &[],
                tag,
            )
            .expect("the room is that of the message and its tag");
    }

    /// Opens `sealed` into `out`, which is [`TAG_BYTES`] shorter.
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        aad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<(), Damaged> {
        let (text, tag) = sealed.split_at_checked(out.len()).ok_or(Damaged)?;
        self.0
            .open_separate_gather(Nonce::assume_unique_for_key(nonce), Aad::from(aad), text, tag, out)
            .map_err(|_| Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 1 of RFC 5869.
    #[test]
    fn derivation_is_hkdf_with_sha_256() {
        let mut okm = [0; 32];
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        Salt::new(HKDF_SHA256, &salt)
            .extract(&[0x0b; 22])
            .expand(&[&info], HKDF_SHA256)
            .unwrap()
            .fill(&mut okm)
            .unwrap();
        assert_eq!(okm[..8], [0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a]);
    }

    #[test]
    fn a_message_opens_only_as_it_was_sealed() {
        for algorithm in [Algorithm::Aes256Gcm, Algorithm::ChaCha20Poly1305] {
            let cipher = Cipher::new(algorithm, &Secret::new([7; 32]));
            let mut sealed = [0; 5 + TAG_BYTES];
            cipher.seal([1; 12], b"aad", b"plain", &mut sealed);
            let mut out = [0; 5];
            cipher.open([1; 12], b"aad", &sealed, &mut out).unwrap();
            assert_eq!(&out, b"plain");
            assert_eq!(cipher.open([2; 12], b"aad", &sealed, &mut out), Err(Damaged));
            assert_eq!(cipher.open([1; 12], b"other", &sealed, &mut out), Err(Damaged));
            assert_eq!(cipher.open([1; 12], b"aad", &sealed[..3], &mut out), Err(Damaged));
        }
    }

    #[test]
    fn no_message_shows_a_secret() {
        assert_eq!(format!("{:?}", Secret::new([65; 32])), "Secret");
    }
}
