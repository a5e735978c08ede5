//! What only Linux offers. Elsewhere each call says that it cannot, and the blocking way is taken.

#[cfg(target_os = "linux")]
pub(super) use linux::{open_cached, preallocate, read_cached_at, start_writeback, will_need};
#[cfg(not(target_os = "linux"))]
pub(super) use other::{open_cached, preallocate, read_cached_at, start_writeback, will_need};

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{self, IoSliceMut};
    use std::num::NonZeroU64;
    use std::ops::Range;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::path::Path;

    use rustix::fs::{Advice, FallocateFlags, Mode, OFlags, ResolveFlags};
    use rustix::io::{Errno, ReadWriteFlags};

    pub(in crate::fs) fn open_cached(directory: &OwnedFd, path: &Path) -> Option<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        rustix::fs::openat2(directory, path, flags, Mode::empty(), ResolveFlags::CACHED).ok()
    }

    pub(in crate::fs) fn read_cached_at(file: &File, offset: u64, buffer: &mut [u8]) -> usize {
        let mut parts = [IoSliceMut::new(buffer)];
        rustix::io::preadv2(file, &mut parts, offset, ReadWriteFlags::NOWAIT).unwrap_or(0)
    }

    pub(in crate::fs) fn preallocate(file: &File, size_bytes: u64) -> io::Result<()> {
        match rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, 0, size_bytes) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    #[allow(unsafe_code, reason = "sync_file_range has no safe wrapper")]
    pub(in crate::fs) fn start_writeback(file: &File, range: Range<u64>) {
        let length = range.end.saturating_sub(range.start);
        let (Ok(start), Ok(length)) = (range.start.try_into(), length.try_into()) else { return };
        // SAFETY: the descriptor is open for the whole call, and the call touches no memory of this process.
        let _ =
            unsafe { libc::sync_file_range(file.as_raw_fd(), start, length, libc::SYNC_FILE_RANGE_WRITE) };
    }

    pub(in crate::fs) fn will_need(file: &File, range: Range<u64>) {
        let length = NonZeroU64::new(range.end.saturating_sub(range.start));
        let _ = rustix::fs::fadvise(file, range.start, length, Advice::WillNeed);
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::fs::File;
    use std::io;
    use std::ops::Range;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    pub(in crate::fs) fn open_cached(_: &OwnedFd, _: &Path) -> Option<OwnedFd> {
        None
    }

    pub(in crate::fs) fn read_cached_at(_: &File, _: u64, _: &mut [u8]) -> usize {
        0
    }

    pub(in crate::fs) fn preallocate(_: &File, _: u64) -> io::Result<()> {
        Ok(())
    }

    pub(in crate::fs) fn start_writeback(_: &File, _: Range<u64>) {}

    pub(in crate::fs) fn will_need(_: &File, _: Range<u64>) {}
}
