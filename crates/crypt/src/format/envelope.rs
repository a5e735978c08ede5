use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use types::{BucketName, ObjectKey, Random};

use super::cipher::{KEY_BYTES, NONCE_BYTES, TAG_BYTES};
use super::codec::{Reader, Writer};
use super::{Algorithm, Cipher, Damaged, Secret};

/// Bytes of an envelope.
pub const ENVELOPE_BYTES: usize = 4 + 16 + 16 + NONCE_BYTES + WRAPPED_BYTES;
const WRAPPED_BYTES: usize = KEY_BYTES + TAG_BYTES;
const VERSION: u8 = 1;

/// A random number of 128 bits that names an object, a stream or an epoch.
pub(crate) type Id = [u8; 16];

/// Draws an id.
pub(crate) fn new_id(random: &dyn Random) -> Id {
    let mut id = Id::default();
    random.fill(&mut id);
    id
}

/// How an object's streams make it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One stream and a footer: an object in one piece.
    Whole,
    /// Streams and a manifest behind them: an object with a part table.
    Parts,
}

/// The name under which an object is kept, which its key is bound to.
#[derive(Debug, Clone, Copy)]
pub struct BoundName<'a> {
    /// The bucket.
    pub bucket: &'a BucketName,
    /// The key, as callers of the layer see it.
    pub key: &'a ObjectKey,
}

/// An object's data key, wrapped by an epoch key of its bucket and bound to the object's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// How the object's segments are sealed.
    pub algorithm: Algorithm,
    /// What the object is made up of.
    pub shape: Shape,
    /// The object's own random number.
    pub object: [u8; 16],
    /// Which epoch key wraps the data key.
    pub epoch: [u8; 16],
    nonce: [u8; NONCE_BYTES],
    wrapped: [u8; WRAPPED_BYTES],
}

impl Envelope {
    /// Wraps a data key.
    #[must_use]
    pub fn wrap(
        object: ([u8; 16], Algorithm, Shape),
        data_key: &Secret,
        name: BoundName<'_>,
        epoch: (&[u8; 16], &Secret),
        random: &dyn Random,
    ) -> Self {
        let (object, algorithm, shape) = object;
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let mut envelope =
            Self { algorithm, shape, object, epoch: *epoch.0, nonce, wrapped: [0; WRAPPED_BYTES] };
        let aad = envelope.bound(name);
        envelope.cipher(epoch.1).seal(nonce, &aad, data_key.expose(), &mut envelope.wrapped);
        envelope
    }

    /// The data key.
    ///
    /// # Errors
    /// [`Damaged`] where the envelope is not that of this name, or was changed.
    pub fn unwrap(&self, name: BoundName<'_>, epoch_key: &Secret) -> Result<Secret, Damaged> {
        let mut key = zeroize::Zeroizing::new([0; KEY_BYTES]);
        self.cipher(epoch_key).open(self.nonce, &self.bound(name), &self.wrapped, &mut *key)?;
        Ok(Secret::new(*key))
    }

    /// Each object's wrapping key is its own, so that no number of objects wears an epoch key out.
    fn cipher(&self, epoch_key: &Secret) -> Cipher {
        Cipher::new(Algorithm::Aes256Gcm, &epoch_key.derive(&self.object, &[b"sluice crypt v1 wrap"]))
    }

    /// What the wrapped key is bound to.
    fn bound(&self, name: BoundName<'_>) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.raw(&self.head()).bytes(name.bucket.as_str().as_bytes()).bytes(name.key.as_bytes());
        writer.finish().to_vec()
    }

    fn head(&self) -> [u8; 36] {
        let shape = match self.shape {
            Shape::Whole => 0,
            Shape::Parts => 1,
        };
        let mut head = [0; 36];
        head[..4].copy_from_slice(&[VERSION, self.algorithm.code(), shape, 0]);
        head[4..20].copy_from_slice(&self.object);
        head[20..].copy_from_slice(&self.epoch);
        head
    }

    /// The envelope's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; ENVELOPE_BYTES] {
        let mut bytes = [0; ENVELOPE_BYTES];
        bytes[..36].copy_from_slice(&self.head());
        bytes[36..48].copy_from_slice(&self.nonce);
        bytes[48..].copy_from_slice(&self.wrapped);
        bytes
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// [`Damaged`] where the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader(bytes);
        let [version, algorithm, shape, reserved] = reader.array()?;
        if version != VERSION || reserved != 0 {
            return Err(Damaged);
        }
        let shape = match shape {
            0 => Shape::Whole,
            1 => Shape::Parts,
            _ => return Err(Damaged),
        };
        let envelope = Self {
            algorithm: Algorithm::from_code(algorithm).ok_or(Damaged)?,
            shape,
            object: reader.array()?,
            epoch: reader.array()?,
            nonce: reader.array()?,
            wrapped: reader.array()?,
        };
        reader.end()?;
        Ok(envelope)
    }

    /// The envelope as text, for a value of metadata.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.encode())
    }

    /// Reads [`Envelope::to_text`].
    ///
    /// # Errors
    /// [`Damaged`] where the text is none.
    pub fn from_text(text: &str) -> Result<Self, Damaged> {
        Self::decode(&URL_SAFE_NO_PAD.decode(text).map_err(|_| Damaged)?)
    }
}
