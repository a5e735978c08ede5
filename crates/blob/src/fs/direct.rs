//! Writes that pass the page cache by.
//!
//! A page of the cache that is new must be found, cleared of its old use, written back and tracked; for a blob that is
//! large that costs several times the copying. See `docs/decisions/0064-large-writes-pass-the-cache-by.md`.

use std::fs::File;
use std::io;

use types::{FRAME_ALIGN_BYTES, FRAME_MAX_BYTES};

#[cfg(target_os = "linux")]
pub(super) use linux::DirectWrites;
#[cfg(not(target_os = "linux"))]
pub(super) use other::DirectWrites;

/// Smaller writes gain less than the wait for the device costs.
const DIRECT_MIN_BYTES: usize = FRAME_MAX_BYTES;

/// How much of `part` may go straight to the device.
fn direct_bytes(offset: u64, part: &[u8]) -> usize {
    let is_aligned = offset.is_multiple_of(FRAME_ALIGN_BYTES as u64)
        && part.as_ptr().align_offset(FRAME_ALIGN_BYTES) == 0
        && part.len() >= DIRECT_MIN_BYTES;
    if is_aligned { part.len() - part.len() % FRAME_ALIGN_BYTES } else { 0 }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use rustix::io::{Errno, pwrite};

    use super::{FRAME_ALIGN_BYTES, File, direct_bytes, io};

    /// Writes of one file that go straight to the device.
    #[derive(Debug, Default)]
    pub(in crate::fs) struct DirectWrites {
        /// The file system or the device does not take them.
        refused: AtomicBool,
    }

    impl DirectWrites {
        /// Writes as much of `part` as may go straight to the device, which may be nothing; the number of bytes. Nobody else
        /// may use the file meanwhile.
        pub(in crate::fs) fn write(&self, file: &File, offset: u64, part: &[u8]) -> io::Result<usize> {
            let bytes = direct_bytes(offset, part);
            if bytes == 0 || self.refused.load(Ordering::Relaxed) {
                return Ok(0);
            }
            let usual = fcntl_getfl(file)?;
            let written = fcntl_setfl(file, usual | OFlags::DIRECT)
                .and_then(|()| write_aligned(file, offset, &part[..bytes]));
            fcntl_setfl(file, usual)?;
            match written {
                Err(Errno::INVAL | Errno::OPNOTSUPP) => {
                    self.refused.store(true, Ordering::Relaxed);
                    Ok(0)
                }
                written => Ok(written?),
            }
        }
    }

    /// Writes until all is written, or less of it than keeps the rest aligned.
    fn write_aligned(file: &File, offset: u64, part: &[u8]) -> Result<usize, Errno> {
        let mut written = 0;
        while written < part.len() && written.is_multiple_of(FRAME_ALIGN_BYTES) {
            match pwrite(file, &part[written..], offset + written as u64) {
                Ok(0) => break,
                Ok(count) => written += count,
                Err(Errno::INTR) => {}
                // The rest is written in the usual way, which says what is wrong.
                Err(_) if written > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use super::{File, io};

    /// Nothing goes straight to the device.
    #[derive(Debug, Default)]
    pub(in crate::fs) struct DirectWrites;

    impl DirectWrites {
        pub(in crate::fs) fn write(&self, _: &File, _: u64, _: &[u8]) -> io::Result<usize> {
            Ok(0)
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::IoSlice;
    use std::path::Path;

    use types::{Budget, FrameBuffer};

    use super::*;
    use crate::fs::{FileSystem, OsFileSystem};

    const PAGE: usize = FRAME_ALIGN_BYTES;

    /// A frame of the largest size with bytes that tell their place.
    fn frame(seed: usize) -> FrameBuffer {
        let mut frame =
            Budget::new(64 * FRAME_MAX_BYTES).try_frame(u64::MAX).expect("nothing of the budget is in use");
        frame.as_mut_slice().iter_mut().enumerate().for_each(|(at, byte)| *byte = (at * 7 / 3 + seed) as u8);
        frame
    }

    #[test]
    fn only_large_aligned_parts_go_straight_to_the_device() {
        let frame = frame(0);
        let all = frame.as_ref();
        assert_eq!(direct_bytes(0, all), FRAME_MAX_BYTES);
        assert_eq!(direct_bytes(7 * PAGE as u64, all), FRAME_MAX_BYTES);
        assert_eq!(direct_bytes(1, all), 0);
        assert_eq!(direct_bytes(0, &all[PAGE..]), 0);
        assert_eq!(direct_bytes(0, &all[..FRAME_MAX_BYTES - 1]), 0);
        assert_eq!(direct_bytes(0, &vec![0; 2 * FRAME_MAX_BYTES][1..]) % PAGE, 0);
    }

    #[test]
    fn all_ways_of_writing_leave_the_same_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let fs = OsFileSystem::open(directory.path()).unwrap();
        let file = fs.create(Path::new("f")).unwrap();
        let (first, second) = (frame(1), frame(2));
        let mut expected = Vec::new();
        let mut write = |parts: &[&[u8]]| {
            let slices: Vec<_> = parts.iter().copied().map(IoSlice::new).collect();
            file.write_at(expected.len() as u64, &slices).unwrap();
            parts.iter().for_each(|part| expected.extend_from_slice(part));
        };
        write(&[first.as_ref()]);
        write(&[second.as_ref(), b"tail"]);
        write(&[first.as_ref(), second.as_ref()]);
        write(&[&[9; PAGE - 4]]);
        write(&[second.as_ref(), &[5; 100], first.as_ref()]);
        file.sync().unwrap();
        let mut found = vec![0; expected.len() + 1];
        assert_eq!(file.read_at(0, &mut found).unwrap(), expected.len());
        assert!(found[..expected.len()] == expected[..]);
    }
}
