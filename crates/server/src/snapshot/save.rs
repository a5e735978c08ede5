use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use blob::{MemoryBlobs, MemoryImage};
use hash::Hasher;
use meta::{MemoryMeta, Record};
use types::ChecksumAlgorithm;

use super::SnapshotError;
use super::format::{CHUNK_BYTES, MAGIC, TAG_BLOB, TAG_END, TAG_RECORD, VERSION};

/// Writes what both engines hold as of one moment. Requests go on meanwhile. The file is replaced at once: after a crash
/// there is the old one or the new one. Blocks the thread.
///
/// # Errors
/// Where a step fails; the old file is then still there.
pub(crate) fn save(path: &Path, meta: &MemoryMeta, blobs: &MemoryBlobs) -> Result<(), SnapshotError> {
    // Records first, blobs after: a blob is there before its record is, and the hold keeps it from going.
    let hold = blobs.hold_removals();
    let records = meta.records();
    let image = blobs.image();
    // The image keeps what it holds; what is deleted from now on is room again.
    drop(hold);
    let revision = records.revision();
    let temporary = path.with_extension("new");
    let written = write(&temporary, revision, records, &image).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one that matters.
        let _ = fs::remove_file(&temporary);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    written
        .and_then(|()| File::open(parent)?.sync_all())
        .map_err(|error| SnapshotError::io(path, "cannot write the snapshot", &error))
}

fn write(
    path: &Path,
    revision: u64,
    records: impl Iterator<Item = Record>,
    image: &MemoryImage,
) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut out = Summed {
        out: BufWriter::with_capacity(CHUNK_BYTES, file),
        sum: Hasher::new(ChecksumAlgorithm::Crc64Nvme),
    };
    out.write_all(&MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&revision.to_le_bytes())?;
    out.write_all(&image.next_id.to_le_bytes())?;
    out.write_all(&image.swept_below.to_le_bytes())?;
    for record in records {
        out.write_all(&[TAG_RECORD])?;
        out.write_all(&record.revision.to_le_bytes())?;
        out.write_all(&length(&record.key)?.to_le_bytes())?;
        out.write_all(&length(&record.value)?.to_le_bytes())?;
        out.write_all(&record.key)?;
        out.write_all(&record.value)?;
    }
    for (id, chunks) in &image.blobs {
        let size_bytes: u64 = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        out.write_all(&[TAG_BLOB])?;
        out.write_all(&id.as_u128().to_le_bytes())?;
        out.write_all(&size_bytes.to_le_bytes())?;
        chunks.iter().try_for_each(|chunk| out.write_all(chunk))?;
    }
    out.write_all(&[TAG_END])?;
    let Summed { mut out, sum } = out;
    out.write_all(sum.finish().value.as_bytes())?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn length(field: &[u8]) -> io::Result<u32> {
    u32::try_from(field.len()).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

/// A writer that sums what passes.
struct Summed {
    out: BufWriter<File>,
    sum: Hasher,
}

impl Summed {
    fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        self.sum.update(data);
        self.out.write_all(data)
    }
}
