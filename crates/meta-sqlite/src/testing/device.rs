use std::ffi::c_int;

/// Which file of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Database,
    Log,
    Journal,
}

/// What SQLite asks of a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request<'a> {
    /// Make it; it was not there.
    Create,
    Write {
        offset: u64,
        data: &'a [u8],
    },
    Truncate {
        size_bytes: u64,
    },
    Sync,
    /// Remove it, and make that durable or not.
    Delete {
        is_durable: bool,
    },
}

/// What lies beneath SQLite's files in a test.
pub(super) trait Device: Send {
    /// Sees a request, does it by `forward` or fails it with a code of SQLite's. Requests come one at a time.
    fn handle(&mut self, role: Role, request: Request<'_>, forward: &mut dyn FnMut() -> c_int) -> c_int;
}
