use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use blob::{BlobId, MemoryBlobs, MemoryImage};
use bytes::Bytes;
use hash::Hasher;
use meta::{MemoryMeta, Record};
use types::{Ceiling, ChecksumAlgorithm};

use super::SnapshotError;
use super::format::{
    CHECKSUM_BYTES, CHUNK_BYTES, FIELD_MAX_BYTES, HEADER_BYTES, MAGIC, TAG_BLOB, TAG_END, TAG_RECORD, VERSION,
};

/// Reads a snapshot; `None` where the file is not there. Nothing of a damaged file is taken. Blocks the thread.
///
/// # Errors
/// Where the file cannot be read, is damaged, is of another version, or does not fit under the ceiling.
pub(crate) fn load(
    path: &Path,
    ceiling: Ceiling,
) -> Result<Option<(MemoryMeta, MemoryBlobs)>, SnapshotError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SnapshotError::io(path, "cannot read the snapshot", &error)),
    };
    let mut reader = Reader { path, file: BufReader::with_capacity(CHUNK_BYTES, file) };
    reader.verify()?;
    let content = reader.content()?;
    let full =
        |error: String| SnapshotError::new(path, format!("{error}; raise max_size, or move the file away"));
    let records = content.records.into_iter().map(Ok);
    let meta = MemoryMeta::restore(ceiling.clone(), content.revision, records)
        .map_err(|error| full(error.to_string()))?;
    let blobs = MemoryBlobs::from_image(content.image, ceiling).map_err(|error| full(error.to_string()))?;
    Ok(Some((meta, blobs)))
}

struct Content {
    revision: u64,
    records: Vec<Record>,
    image: MemoryImage,
}

struct Reader<'a> {
    path: &'a Path,
    file: BufReader<File>,
}

impl Reader<'_> {
    /// Reads the whole file once and compares its checksum, so that no length in it is believed before.
    fn verify(&mut self) -> Result<(), SnapshotError> {
        let size = self.file.get_ref().metadata().map_err(|error| self.failed(&error))?.len();
        let Some(summed) = size.checked_sub(CHECKSUM_BYTES as u64).filter(|rest| *rest > HEADER_BYTES as u64)
        else {
            return Err(SnapshotError::damaged(self.path, "too short"));
        };
        let mut sum = Hasher::new(ChecksumAlgorithm::Crc64Nvme);
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut left = summed;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
            self.fill(&mut buffer[..wanted])?;
            sum.update(&buffer[..wanted]);
            left -= wanted as u64;
        }
        let stored = self.bytes::<CHECKSUM_BYTES>()?;
        if sum.finish().value.as_bytes() != stored {
            return Err(SnapshotError::damaged(self.path, "wrong checksum"));
        }
        self.file.rewind().map_err(|error| self.failed(&error))
    }

    fn content(&mut self) -> Result<Content, SnapshotError> {
        if self.bytes::<8>()? != MAGIC {
            return Err(SnapshotError::new(self.path, "is not a snapshot of Sluice"));
        }
        let version = u32::from_le_bytes(self.bytes()?);
        if version != VERSION {
            return Err(SnapshotError::new(
                self.path,
                format!("has format version {version}; this sluice reads {VERSION}"),
            ));
        }
        let revision = u64::from_le_bytes(self.bytes()?);
        let next_id = u128::from_le_bytes(self.bytes()?);
        let swept_below = u128::from_le_bytes(self.bytes()?);
        let image = MemoryImage { next_id, swept_below, blobs: Vec::new() };
        let mut content = Content { revision, records: Vec::new(), image };
        loop {
            match self.bytes::<1>()?[0] {
                TAG_RECORD => content.records.push(self.record()?),
                TAG_BLOB => content.image.blobs.push(self.blob()?),
                TAG_END => return Ok(content),
                _ => return Err(SnapshotError::damaged(self.path, "unknown tag")),
            }
        }
    }

    fn record(&mut self) -> Result<Record, SnapshotError> {
        let revision = u64::from_le_bytes(self.bytes()?);
        let key_len = u32::from_le_bytes(self.bytes()?) as usize;
        let value_len = u32::from_le_bytes(self.bytes()?) as usize;
        if key_len.max(value_len) > FIELD_MAX_BYTES {
            return Err(SnapshotError::damaged(self.path, "an overlong record"));
        }
        let mut fields = vec![0; key_len + value_len];
        self.fill(&mut fields)?;
        let mut key = Bytes::from(fields);
        let value = key.split_off(key_len);
        Ok(Record { key, value, revision })
    }

    fn blob(&mut self) -> Result<(BlobId, Vec<Bytes>), SnapshotError> {
        let id = BlobId::from_u128(u128::from_le_bytes(self.bytes()?));
        let mut left = u64::from_le_bytes(self.bytes()?);
        let mut chunks = Vec::new();
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
            let mut chunk = vec![0; wanted];
            self.fill(&mut chunk)?;
            chunks.push(chunk.into());
            left -= wanted as u64;
        }
        Ok((id, chunks))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), SnapshotError> {
        match self.file.read_exact(buffer) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(SnapshotError::damaged(self.path, "it ends too early"))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &io::Error) -> SnapshotError {
        SnapshotError::io(self.path, "cannot read the snapshot", error)
    }
}
