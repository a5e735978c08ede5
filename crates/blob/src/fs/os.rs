use std::fs;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};

use super::direct::DirectWrites;
use super::hints;
use super::port::{DirectoryEntry, File, FileSystem};

/// The operating system's files below one directory.
#[derive(Debug)]
pub struct OsFileSystem {
    root: PathBuf,
    /// The root, for opening by relative path.
    directory: OwnedFd,
}

impl OsFileSystem {
    /// Opens the directory, which is made where it is missing, and makes it durable in its parent.
    ///
    /// # Errors
    /// The operating system's.
    pub fn open(root: &Path) -> io::Result<Self> {
        let is_new = match fs::DirBuilder::new().mode(0o700).create(root) {
            Ok(()) => true,
            Err(_) if root.is_dir() => false,
            Err(error) => return Err(error),
        };
        // Also where it was there: who made it may have ended before the sync. Then the parent may not be ours to sync.
        let synced = sync_directory_at(root.parent().filter(|parent| !parent.as_os_str().is_empty()));
        if is_new {
            synced?;
        }
        let directory = rustix::fs::open(root, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root: root.to_owned(), directory })
    }
}

/// Syncs a directory by path; the working directory where there is none.
fn sync_directory_at(path: Option<&Path>) -> io::Result<()> {
    fs::File::open(path.unwrap_or(Path::new(".")))?.sync_all()
}

impl FileSystem for OsFileSystem {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.directory, path, flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Arc::new(OsFile::new(fd)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.directory, path, flags, Mode::empty())?;
        Ok(Arc::new(OsFile::new(fd)))
    }

    fn open_cached(&self, path: &Path) -> Option<Arc<dyn File>> {
        let fd = hints::open_cached(&self.directory, path)?;
        Some(Arc::new(OsFile::new(fd)))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.directory, path, rustix::fs::AtFlags::empty())?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.directory, from, &self.directory, to)?)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.directory, path, Mode::RWXU)?)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.directory, path, rustix::fs::AtFlags::REMOVEDIR)?)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() {
            return Ok(rustix::fs::fsync(&self.directory)?);
        }
        sync_directory_at(Some(&self.root.join(path)))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.root.join(path))? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(DirectoryEntry { name, is_directory: entry.file_type()?.is_dir() });
            }
        }
        Ok(entries)
    }
}

/// An open file of the operating system.
#[derive(Debug)]
struct OsFile {
    file: fs::File,
    direct: DirectWrites,
}

impl OsFile {
    fn new(fd: OwnedFd) -> Self {
        Self { file: fd.into(), direct: DirectWrites::default() }
    }
}

impl File for OsFile {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn write_at(&self, mut offset: u64, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let mut parts = parts.to_vec();
        let mut left = parts.as_mut_slice();
        let direct = left.first().map_or(Ok(0), |part| self.direct.write(&self.file, offset, part))?;
        offset += direct as u64;
        IoSlice::advance_slices(&mut left, direct);
        while !left.is_empty() {
            let batch = left.len().min(IOV_MAX);
            match rustix::io::pwritev(&self.file, &left[..batch], offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    offset += written as u64;
                    IoSlice::advance_slices(&mut left, written);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> usize {
        hints::read_cached_at(&self.file, offset, buffer)
    }

    fn preallocate(&self, size_bytes: u64) -> io::Result<()> {
        hints::preallocate(&self.file, size_bytes)
    }

    fn truncate(&self, size_bytes: u64) -> io::Result<()> {
        self.file.set_len(size_bytes)
    }

    fn start_writeback(&self, range: Range<u64>) {
        hints::start_writeback(&self.file, range);
    }

    fn will_need(&self, range: Range<u64>) {
        hints::will_need(&self.file, range);
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// The most parts of one `pwritev`: Linux's `UIO_MAXIOV`.
const IOV_MAX: usize = 1024;
