use bytes::Bytes;
use s3_wire::chunked::{ChunkSigning, TRAILER_SIGNATURE};

use crate::body::ChunkSeed;
use crate::payload::{PayloadForm, TrailerForm};
use crate::v4::sha256;

/// Writes the framing of an `aws-chunked` body around its data.
pub struct ChunkWriter {
    seed: ChunkSeed,
    payload: PayloadForm,
}

impl ChunkWriter {
    pub(crate) fn new(payload: PayloadForm, seed: ChunkSeed) -> Self {
        Self { seed, payload }
    }

    /// What stands before the data of a chunk; after it stands `\r\n`. No data makes the last chunk, after which come the
    /// trailers, and nothing stands after it.
    pub fn header(&mut self, data: &[u8]) -> String {
        let size = data.len();
        match self.payload {
            PayloadForm::Chunked { signing: ChunkSigning::Signed, .. } => {
                let signature = self.seed.sign_chunk(&sha256(data));
                format!("{size:x};chunk-signature={}\r\n", text(&signature))
            }
            _ => format!("{size:x}\r\n"),
        }
    }

    /// What stands after the last chunk: the trailers, signed where the chunks are, and an empty line.
    pub fn trailers(&mut self, trailers: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut lines = String::new();
        for (name, value) in trailers {
            out.push_str(&format!("{name}:{value}\r\n"));
            lines.push_str(&format!("{name}:{value}\n"));
        }
        let is_signed = PayloadForm::Chunked { signing: ChunkSigning::Signed, trailer: TrailerForm::Trailer };
        if self.payload == is_signed {
            let signature = self.seed.sign_trailer(&sha256(lines.as_bytes()));
            out.push_str(&format!("{TRAILER_SIGNATURE}:{}\r\n", text(&signature)));
        }
        out.push_str("\r\n");
        out
    }

    /// A whole body: the data cut into chunks of at most `chunk_bytes`, the last chunk, the trailers.
    ///
    /// # Panics
    /// Where `chunk_bytes` is 0.
    pub fn body(&mut self, data: &[u8], chunk_bytes: usize, trailers: &[(&str, &str)]) -> Bytes {
        let mut out = Vec::with_capacity(data.len() + 256);
        for chunk in data.chunks(chunk_bytes) {
            out.extend_from_slice(self.header(chunk).as_bytes());
            out.extend_from_slice(chunk);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(self.header(&[]).as_bytes());
        out.extend_from_slice(self.trailers(trailers).as_bytes());
        out.into()
    }
}

impl std::fmt::Debug for ChunkWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkWriter").field("payload", &self.payload).finish_non_exhaustive()
    }
}

fn text(signature: &[u8; 64]) -> String {
    signature.iter().map(|digit| char::from(*digit)).collect()
}
