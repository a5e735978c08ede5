use meta::{MetaError, MetaErrorKind};
use rusqlite::ErrorCode;

/// What SQLite's error means to a caller of the port.
pub(crate) fn kind_of(error: &rusqlite::Error) -> MetaErrorKind {
    let Some(code) = error.sqlite_error_code() else {
        // What is left are values of an unexpected type in a row.
        return MetaErrorKind::Corrupt;
    };
    match code {
        ErrorCode::DiskFull => MetaErrorKind::Full,
        ErrorCode::ReadOnly => MetaErrorKind::ReadOnly,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => MetaErrorKind::Corrupt,
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory
        | ErrorCode::CannotOpen => MetaErrorKind::Unavailable,
        ErrorCode::TooBig => MetaErrorKind::TooLarge,
        _ => MetaErrorKind::Io,
    }
}

/// Turns a result of SQLite into one of the port.
pub(crate) trait OrMeta<T> {
    /// Names what was being done.
    fn or_meta(self, operation: &'static str) -> Result<T, MetaError>;
}

impl<T> OrMeta<T> for rusqlite::Result<T> {
    // Called for every column of every row.
    #[inline]
    fn or_meta(self, operation: &'static str) -> Result<T, MetaError> {
        self.map_err(|error| MetaError::with_source(kind_of(&error), operation, error))
    }
}

/// The port's error for a failure of the file system outside SQLite.
pub(crate) fn from_io(error: std::io::Error, operation: &'static str) -> MetaError {
    let kind = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => MetaErrorKind::Full,
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => {
            MetaErrorKind::ReadOnly
        }
        _ => MetaErrorKind::Io,
    };
    MetaError::with_source(kind, operation, error)
}
