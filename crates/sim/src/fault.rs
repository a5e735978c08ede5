use rustix::io::Errno;

/// A call of the file layer that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Making a file.
    Create,
    /// Opening a file.
    Open,
    /// Writing.
    Write,
    /// Reading.
    Read,
    /// Reserving room.
    Preallocate,
    /// Syncing a file.
    SyncFile,
    /// Syncing a directory.
    SyncDirectory,
    /// Removing a file.
    Remove,
    /// Renaming a file.
    Rename,
    /// Making a directory.
    CreateDirectory,
    /// Cutting a file.
    Truncate,
    /// Listing a directory.
    List,
}

impl Call {
    /// Whether the call changes something: these fail on a read-only file system.
    pub(crate) fn changes(self) -> bool {
        !matches!(self, Self::Open | Self::Read | Self::List)
    }
}

/// What goes wrong, and when.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The `nth` call of this kind from now on, counted from 0, fails once.
    Once {
        /// The kind.
        call: Call,
        /// Which of them.
        nth: usize,
        /// With this error.
        errno: Errno,
    },
    /// Every call of this kind fails.
    Always {
        /// The kind.
        call: Call,
        /// With this error.
        errno: Errno,
    },
    /// Every call that changes something fails with `EROFS`.
    ReadOnly,
}

/// The faults that wait to happen.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts a call; its error, where it fails.
    pub(crate) fn check(&mut self, made: Call) -> Result<(), Errno> {
        let mut failed = None;
        self.0.retain_mut(|fault| match fault {
            Fault::Once { call, nth, errno } if *call == made => {
                if *nth == 0 && failed.is_none() {
                    failed = Some(*errno);
                    return false;
                }
                *nth = nth.saturating_sub(1);
                true
            }
            Fault::Always { call, errno } if *call == made => {
                failed = failed.or(Some(*errno));
                true
            }
            Fault::ReadOnly if made.changes() => {
                failed = failed.or(Some(Errno::ROFS));
                true
            }
            _ => true,
        });
        failed.map_or(Ok(()), Err)
    }
}
