use std::io::{self, IoSlice};
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, os::fd::AsFd};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::port::{Directory, File, Holes};

/// The most parts of one `pwritev`: Linux's `UIO_MAXIOV`.
const IOV_MAX: usize = 1024;
/// The unit of `st_blocks`, whatever the file system's own.
const STAT_BLOCK_BYTES: u64 = 512;

/// A directory of the operating system, held against everybody else while it is open.
#[derive(Debug)]
pub(in crate::disk) struct OsDirectory {
    path: PathBuf,
    directory: OwnedFd,
}

impl OsDirectory {
    /// Opens the directory, which is made where it is missing. `None` where another holds it.
    pub(in crate::disk) fn open(path: &Path) -> io::Result<Option<Self>> {
        fs::DirBuilder::new().mode(0o700).recursive(true).create(path)?;
        let opened = Self::unheld(path)?;
        match rustix::fs::flock(&opened.directory, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(opened)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a directory that is there without holding it.
    pub(in crate::disk) fn unheld(path: &Path) -> io::Result<Self> {
        let directory = rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { path: path.to_owned(), directory })
    }

    fn open_with(&self, name: &str, flags: OFlags) -> io::Result<Arc<dyn File>> {
        let flags = flags | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fd = rustix::fs::openat(&self.directory, name, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Arc::new(OsFile(fd.into())))
    }
}

impl Directory for OsDirectory {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open_with(name, OFlags::CREATE | OFlags::EXCL)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open_with(name, OFlags::empty())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.directory, name, rustix::fs::AtFlags::empty())?)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.directory, from, &self.directory, to)?)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.directory)?)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let found = rustix::fs::fstatvfs(&self.directory)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

/// A file of the operating system.
#[derive(Debug)]
struct OsFile(fs::File);

impl File for OsFile {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn allocated_bytes(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.blocks().saturating_mul(STAT_BLOCK_BYTES))
    }

    fn write_at(&self, mut offset: u64, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let mut parts = parts.to_vec();
        let mut left = parts.as_mut_slice();
        // Parts without bytes at the front go: of those alone nothing is written, and that is no failure.
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            let batch = left.len().min(IOV_MAX);
            match rustix::io::pwritev(self.0.as_fd(), &left[..batch], offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    offset += written as u64;
                    IoSlice::advance_slices(&mut left, written);
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> usize {
        hints::read_cached_at(&self.0, offset, buffer)
    }

    fn punch(&self, range: Range<u64>) -> io::Result<Holes> {
        hints::punch(&self.0, range)
    }

    fn truncate(&self, size_bytes: u64) -> io::Result<()> {
        self.0.set_len(size_bytes)
    }

    fn will_need(&self, range: Range<u64>) {
        let Some(length) = NonZeroU64::new(range.end.saturating_sub(range.start)) else { return };
        hints::will_need(&self.0, range.start, length);
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// What only Linux offers.
#[cfg(target_os = "linux")]
mod hints {
    use std::fs::File;
    use std::io::{self, IoSliceMut};
    use std::num::NonZeroU64;
    use std::ops::Range;

    use rustix::fs::{Advice, FallocateFlags};
    use rustix::io::{Errno, ReadWriteFlags};

    use super::Holes;

    pub(super) fn read_cached_at(file: &File, offset: u64, buffer: &mut [u8]) -> usize {
        let mut parts = [IoSliceMut::new(buffer)];
        rustix::io::preadv2(file, &mut parts, offset, ReadWriteFlags::NOWAIT).unwrap_or(0)
    }

    pub(super) fn punch(file: &File, range: Range<u64>) -> io::Result<Holes> {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        loop {
            match rustix::fs::fallocate(file, flags, range.start, range.end - range.start) {
                Ok(()) => return Ok(Holes::Punched),
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Holes::Unsupported),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) fn will_need(file: &File, offset: u64, length: NonZeroU64) {
        let _ = rustix::fs::fadvise(file, offset, Some(length), Advice::WillNeed);
    }
}

/// Elsewhere the blocking way is taken, and whole files are given back.
#[cfg(not(target_os = "linux"))]
mod hints {
    use std::fs::File;
    use std::io;
    use std::num::NonZeroU64;
    use std::ops::Range;

    use super::Holes;

    pub(super) fn read_cached_at(_: &File, _: u64, _: &mut [u8]) -> usize {
        0
    }

    pub(super) fn punch(_: &File, _: Range<u64>) -> io::Result<Holes> {
        Ok(Holes::Unsupported)
    }

    pub(super) fn will_need(_: &File, _: u64, _: NonZeroU64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_by_one() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("below/here");
        let first = OsDirectory::open(&path).unwrap().expect("nobody holds it");
        assert!(OsDirectory::open(&path).unwrap().is_none());
        drop(first);
        assert!(OsDirectory::open(&path).unwrap().is_some());
    }

    #[test]
    fn empty_parts_are_written_as_the_nothing_that_they_are() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = OsDirectory::open(temporary.path()).unwrap().unwrap();
        let file = directory.create("f").unwrap();
        file.write_at(0, &[]).unwrap();
        file.write_at(0, &[IoSlice::new(&[]), IoSlice::new(&[])]).unwrap();
        assert_eq!(file.size_bytes().unwrap(), 0);
        let parts = [&b""[..], b"one", b"", b"two", b""].map(IoSlice::new);
        file.write_at(0, &parts).unwrap();
        let mut found = [0; 7];
        assert_eq!(file.read_at(0, &mut found).unwrap(), 6);
        assert_eq!(&found[..6], b"onetwo");
    }

    #[test]
    fn a_hole_gives_room_back_and_reads_as_zeros() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = OsDirectory::open(temporary.path()).unwrap().unwrap();
        let file = directory.create("f").unwrap();
        file.write_at(0, &[IoSlice::new(&[7; 64 << 10]), IoSlice::new(&[8; 64 << 10])]).unwrap();
        file.sync().unwrap();
        let before = file.allocated_bytes().unwrap();
        assert!(before >= 128 << 10);
        if file.punch(4096..64 << 10).unwrap() == Holes::Unsupported {
            return;
        }
        assert!(file.allocated_bytes().unwrap() <= before - (60 << 10));
        let mut found = vec![1; 128 << 10];
        assert_eq!(file.read_at(0, &mut found).unwrap(), found.len());
        assert!(found[..4096].iter().all(|byte| *byte == 7));
        assert!(found[4096..64 << 10].iter().all(|byte| *byte == 0));
        assert!(found[64 << 10..].iter().all(|byte| *byte == 8));
    }
}
