use aws_lc_rs::{digest, hmac};
use s3_wire::chunked::ChunkSignature;
use types::BodyErrorKind;

use crate::hex;
use crate::v4::{Credential, SigningKey, Text};

/// The SHA-256 of nothing, which stands for a chunk's absent headers.
pub(crate) const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What the signatures of a body's chunks go on from: those of its request.
pub(crate) struct ChunkSeed {
    key: SigningKey,
    /// The date and the scope, each on its line.
    lines: Text,
    signature: ChunkSignature,
}

impl ChunkSeed {
    /// The seed of a request whose signature was `signature`, 64 digits.
    pub(crate) fn new(
        key: SigningKey,
        date: &str,
        credential: &Credential<'_>,
        signature: ChunkSignature,
    ) -> Self {
        let mut lines = date.as_bytes().to_vec();
        lines.push(b'\n');
        credential.write_scope(&mut lines);
        lines.push(b'\n');
        Self { key, lines, signature }
    }

    /// Signs a chunk with this hash of its data, and goes on from it.
    pub(crate) fn sign_chunk(&mut self, hash: &[u8; 32]) -> ChunkSignature {
        let text = chunk_string_to_sign(self, hash);
        self.signature = self.sign(&text);
        self.signature
    }

    /// Signs trailers with this hash of their lines.
    pub(crate) fn sign_trailer(&self, hash: &[u8; 32]) -> ChunkSignature {
        self.sign(&trailer_string_to_sign(self, hash))
    }

    fn sign(&self, text: &[u8]) -> ChunkSignature {
        let tag = hmac::sign(&self.key, text);
        hex::encode(tag.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes"))
    }

    fn is_signature(&self, text: &[u8], signature: &ChunkSignature) -> bool {
        hex::decode(signature).is_some_and(|tag| hmac::verify(&self.key, text, &tag).is_ok())
    }
}

/// Source: "Signature calculations for the authorization header: transferring payload in multiple chunks".
fn chunk_string_to_sign(seed: &ChunkSeed, hash: &[u8; 32]) -> Text {
    let mut text = b"AWS4-HMAC-SHA256-PAYLOAD\n".to_vec();
    text.extend_from_slice(&seed.lines);
    text.extend_from_slice(&seed.signature);
    text.push(b'\n');
    text.extend_from_slice(EMPTY_SHA256.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(&hex::encode(hash));
    text
}

/// Source: "Signature calculations for trailing headers".
fn trailer_string_to_sign(seed: &ChunkSeed, hash: &[u8; 32]) -> Text {
    let mut text = b"AWS4-HMAC-SHA256-TRAILER\n".to_vec();
    text.extend_from_slice(&seed.lines);
    text.extend_from_slice(&seed.signature);
    text.push(b'\n');
    text.extend_from_slice(&hex::encode(hash));
    text
}

/// Checks the signatures of chunks and trailers as they pass.
pub(crate) struct ChunkSignatures {
    seed: ChunkSeed,
    claimed: Option<ChunkSignature>,
    hash: digest::Context,
}

impl ChunkSignatures {
    pub(crate) fn new(seed: ChunkSeed) -> Self {
        Self { seed, claimed: None, hash: digest::Context::new(&digest::SHA256) }
    }

    /// A chunk begins that claims this signature.
    pub(crate) fn begin(&mut self, claimed: Option<ChunkSignature>) {
        self.claimed = claimed;
        self.hash = digest::Context::new(&digest::SHA256);
    }

    /// Some of the chunk's data.
    pub(crate) fn data(&mut self, data: &[u8]) {
        self.hash.update(data);
    }

    /// The chunk has ended: its signature must be right.
    pub(crate) fn end(&mut self) -> Result<(), BodyErrorKind> {
        let claimed = self.claimed.take().ok_or(BodyErrorKind::SignatureMismatch)?;
        let hash = finish(&self.hash);
        if !self.seed.is_signature(&chunk_string_to_sign(&self.seed, &hash), &claimed) {
            return Err(BodyErrorKind::SignatureMismatch);
        }
        self.seed.signature = claimed;
        Ok(())
    }

    /// The trailers have ended: the signature over their lines must be right.
    pub(crate) fn trailer(&self, lines: &[u8], claimed: &[u8]) -> Result<(), BodyErrorKind> {
        let hash = crate::v4::sha256(lines);
        let claimed = ChunkSignature::try_from(claimed).map_err(|_| BodyErrorKind::SignatureMismatch)?;
        if self.seed.is_signature(&trailer_string_to_sign(&self.seed, &hash), &claimed) {
            Ok(())
        } else {
            Err(BodyErrorKind::SignatureMismatch)
        }
    }
}

fn finish(hash: &digest::Context) -> [u8; 32] {
    hash.clone().finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}
