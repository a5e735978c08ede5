use super::cipher::{NONCE_BYTES, TAG_BYTES};
use super::envelope::Id;
use super::{Algorithm, Cipher, Damaged, SEGMENT_BYTES, Secret};

/// What a sealed message of a stream is: a part of the nonce, so that no kind opens as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    /// A segment with others behind it.
    Segment,
    /// The last segment.
    Last,
    /// The footer.
    Footer,
    /// Noise that fills a small part up.
    Padding,
}

/// Seals and opens the messages of one stream.
///
/// The key is made of the data key and all that the stream is: the object, the stream, the part, the role, the algorithm and
/// the size of segments. A message is bound besides to its kind and its place.
pub(crate) struct StreamKey {
    cipher: Cipher,
    object: Id,
    part: u32,
}

impl StreamKey {
    pub(crate) fn new(
        algorithm: Algorithm,
        data_key: &Secret,
        codes: [u8; 4],
        (object, stream, part): (&Id, &Id, u32),
    ) -> Self {
        let (part_bytes, segment_bytes) = (part.to_le_bytes(), (SEGMENT_BYTES as u32).to_le_bytes());
        let info: [&[u8]; 5] = [b"sluice crypt v1 stream", &codes, object, &part_bytes, &segment_bytes];
        let cipher = Cipher::new(algorithm, &data_key.derive(stream, &info));
        Self { cipher, object: *object, part }
    }

    /// Seals a message into `out`, which is [`TAG_BYTES`] longer.
    pub(crate) fn seal(&self, message: Message, index: u64, plain: &[u8], out: &mut [u8]) {
        debug_assert_eq!(plain.len() + TAG_BYTES, out.len(), "room for the message and its tag");
        self.cipher.seal(nonce(message, index), &self.aad(index), plain, out);
    }

    /// Opens a message into `out`, which is [`TAG_BYTES`] shorter.
    pub(crate) fn open(
        &self,
        message: Message,
        index: u64,
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<(), Damaged> {
        self.cipher.open(nonce(message, index), &self.aad(index), sealed, out)
    }

    fn aad(&self, index: u64) -> [u8; 28] {
        let mut aad = [0; 28];
        aad[..16].copy_from_slice(&self.object);
        aad[16..20].copy_from_slice(&self.part.to_le_bytes());
        aad[20..].copy_from_slice(&index.to_le_bytes());
        aad
    }
}

fn nonce(message: Message, index: u64) -> [u8; NONCE_BYTES] {
    let kind: u32 = match message {
        Message::Segment => 0,
        Message::Last => 1,
        Message::Footer => 2,
        Message::Padding => 3,
    };
    let mut nonce = [0; NONCE_BYTES];
    nonce[..4].copy_from_slice(&kind.to_le_bytes());
    nonce[4..].copy_from_slice(&index.to_le_bytes());
    nonce
}
