use bytes::Bytes;

/// The longest encoded key, in bytes: a 1,024-byte object key with every NUL escaped, its bucket and its version fit.
pub const ENCODED_KEY_MAX_BYTES: usize = 2600;
/// The most writes in one commit: deleting 1,000 keys with their versions and blobs fits.
pub const COMMIT_MAX_WRITES: usize = 4096;
/// The most bytes of keys and values in one commit.
pub const COMMIT_MAX_BYTES: usize = 4 * 1024 * 1024;

/// The most bytes of keys and values in one page of a scan: a page ends before the item that would go past it, unless
/// that is its first.
pub const SCAN_MAX_BYTES: usize = 16 * 1024 * 1024;

/// The commit that wrote a record: a number that grows with every commit of one store, never reused.
pub type Revision = u64;

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key it stands under.
    pub key: Bytes,
    /// Its value.
    pub value: Bytes,
    /// The commit that wrote it.
    pub revision: Revision,
}

/// A condition that must hold at the moment of the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// No record stands under the key.
    Absent(Bytes),
    /// The record under the key is the one that this revision wrote.
    Equals(Bytes, Revision),
    /// As [`Check::Equals`], but many commits hold it at once: an engine takes a shared lock where it locks at all. Meant
    /// for the record of a bucket, which every write into the bucket checks.
    Shared(Bytes, Revision),
    /// No record stands in `start..end`.
    RangeEmpty {
        /// First key, inclusive.
        start: Bytes,
        /// End, exclusive.
        end: Bytes,
    },
}

/// One change of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets the record, whether one was there or not.
    Put {
        /// The key.
        key: Bytes,
        /// The value.
        value: Bytes,
    },
    /// Removes the record; nothing happens where none is.
    Delete {
        /// The key.
        key: Bytes,
    },
}

/// Checks and writes that take effect together or not at all. Writes to one key take effect in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// What must hold.
    pub checks: Vec<Check>,
    /// What changes.
    pub writes: Vec<Write>,
}

impl Commit {
    /// Adds a check.
    pub fn check(&mut self, check: Check) -> &mut Self {
        self.checks.push(check);
        self
    }

    /// Adds a put.
    pub fn put(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> &mut Self {
        self.writes.push(Write::Put { key: key.into(), value: value.into() });
        self
    }

    /// Adds a delete.
    pub fn delete(&mut self, key: impl Into<Bytes>) -> &mut Self {
        self.writes.push(Write::Delete { key: key.into() });
        self
    }

    /// Bytes of all keys and values written.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let size = |write: &Write| match write {
            Write::Put { key, value } => key.len() + value.len(),
            Write::Delete { key } => key.len(),
        };
        self.writes.iter().map(size).sum()
    }
}

/// Asks a scan to fold keys: those that hold `delimiter` at or after byte `from` come back as one
/// [`ScanItem::Prefix`], the key up to and with the first delimiter, and the scan goes on behind all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The delimiter's bytes, never empty.
    pub delimiter: Bytes,
    /// Where in the key the search begins.
    pub from: usize,
}

/// Which records to read, in ascending order of key bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanRequest {
    /// First key, inclusive.
    pub start: Bytes,
    /// End, exclusive.
    pub end: Bytes,
    /// The most items in the page, which may hold fewer when they are large: see [`SCAN_MAX_BYTES`].
    pub limit: usize,
    /// How to fold, if at all.
    pub fold: Option<Fold>,
}

/// One item of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanItem {
    /// A record.
    Record(Record),
    /// A folded prefix: at least one record begins with it.
    Prefix(Bytes),
}

impl ScanItem {
    /// The record's key or the prefix.
    #[must_use]
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Record(record) => &record.key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// A page of a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanPage {
    /// The items, in order.
    pub items: Vec<ScanItem>,
    /// Whether the range holds further items behind the last one.
    pub more: bool,
}
