use std::fmt;
use std::io;

use rustix::io::Errno;
use types::{BodyError, BodyErrorKind};

use crate::{BlobError, BlobErrorKind, BlobId};

/// Why bytes of a blob's file could not be read.
#[derive(Debug)]
pub(super) enum ReadFailure {
    /// The bytes are not those that were written; says where.
    Damaged(&'static str),
    /// The file has a version that this build does not know.
    UnknownVersion,
    /// The device failed.
    Io(io::Error),
}

impl From<io::Error> for ReadFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl ReadFailure {
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }

    pub(super) fn into_blob_error(self, operation: &'static str, id: BlobId) -> BlobError {
        let (kind, source) = match self {
            Self::Damaged(how) => (BlobErrorKind::Corrupt, how.into()),
            Self::UnknownVersion => (BlobErrorKind::Corrupt, "the file has an unknown version".into()),
            Self::Io(error) => return read_error(operation, Some(id), error),
        };
        BlobError { kind, operation, id: Some(id), source: Some(source) }
    }

    pub(super) fn into_body_error(self, id: BlobId) -> BodyError {
        let error = self.into_blob_error("read", id);
        let kind = match error.kind {
            BlobErrorKind::Corrupt => BodyErrorKind::Corrupt,
            _ => BodyErrorKind::Storage,
        };
        BodyError::with_source(kind, error)
    }
}

/// The error of a call that changes something.
pub(super) fn write_error(operation: &'static str, id: Option<BlobId>, error: io::Error) -> BlobError {
    let kind = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => BlobErrorKind::Full,
        Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => BlobErrorKind::ReadOnly,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN) => BlobErrorKind::Busy,
        _ => BlobErrorKind::Io,
    };
    BlobError { kind, operation, id, source: Some(error.into()) }
}

/// The error of a call that only looks.
pub(super) fn read_error(operation: &'static str, id: Option<BlobId>, error: io::Error) -> BlobError {
    let kind = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NOTDIR) if id.is_some() => BlobErrorKind::NotFound,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN) => BlobErrorKind::Busy,
        _ => BlobErrorKind::Io,
    };
    BlobError { kind, operation, id, source: Some(error.into()) }
}

/// The blocking threads are gone: the process is shutting down.
#[derive(Debug)]
struct ShuttingDown;

impl fmt::Display for ShuttingDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process is shutting down")
    }
}

impl std::error::Error for ShuttingDown {}

/// What a blocking task returned; its panic goes on in the caller.
pub(super) fn joined<T>(result: Result<T, tokio::task::JoinError>) -> io::Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(io::Error::other(ShuttingDown)),
        },
    }
}

/// Runs `work` on a blocking thread. It runs to its end even when the caller is dropped.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    joined(tokio::task::spawn_blocking(work).await)?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(errno: Errno) -> BlobErrorKind {
        write_error("write", None, io::Error::from(errno)).kind
    }

    #[test]
    fn the_devices_errors_say_what_to_do() {
        for errno in [Errno::NOSPC, Errno::DQUOT] {
            assert!(matches!(kind(errno), BlobErrorKind::Full), "{errno}");
        }
        for errno in [Errno::ROFS, Errno::ACCESS] {
            assert!(matches!(kind(errno), BlobErrorKind::ReadOnly), "{errno}");
        }
        for errno in [Errno::MFILE, Errno::NFILE] {
            assert!(matches!(kind(errno), BlobErrorKind::Busy), "{errno}");
        }
        assert!(matches!(kind(Errno::IO), BlobErrorKind::Io));
    }

    #[test]
    fn a_missing_file_is_not_found_and_an_unreadable_one_is_not() {
        let kind = |errno: Errno| read_error("open", Some(BlobId::from_u128(1)), io::Error::from(errno)).kind;
        assert!(matches!(kind(Errno::NOENT), BlobErrorKind::NotFound));
        assert!(matches!(kind(Errno::ACCESS), BlobErrorKind::Io));
        assert!(matches!(kind(Errno::MFILE), BlobErrorKind::Busy));
    }
}
