use async_trait::async_trait;
use types::{Body, ByteRange};

use crate::{BlobError, BlobId};

/// How to write a blob.
#[derive(Clone, Copy, Default)]
pub struct WriteOptions<'a> {
    /// The size, where it is known: room may be reserved, and too large a blob refused before it is read.
    pub size_bytes: Option<u64>,
    /// Who is asked where there is no room.
    pub room: Option<&'a dyn MakeRoom>,
}

impl WriteOptions<'_> {
    /// For a blob of this size.
    #[must_use]
    pub fn of_size(size_bytes: u64) -> Self {
        Self { size_bytes: Some(size_bytes), room: None }
    }
}

/// Asked by a write that finds no room: bytes that were given up take room until they are removed.
#[async_trait]
pub trait MakeRoom: Send + Sync {
    /// Has what was given up by now removed, and says whether the write shall try once more. It is asked again for as long as
    /// it says so and there is still no room; that this ends is its own concern.
    ///
    /// # Cancel safety
    /// May be dropped at any point: the write was.
    async fn make_room(&self) -> bool;
}

/// A blob that is whole and durable, and that nothing refers to yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenBlob {
    /// Its id.
    pub id: BlobId,
    /// Its size.
    pub size_bytes: u64,
}

/// One blob of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobInfo {
    /// Its id.
    pub id: BlobId,
    /// Bytes of the blob, where the scan knows them without opening it.
    pub size_bytes: Option<u64>,
}

/// Which blobs a scan visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanScope {
    /// All, in order of id; blobs that are being written may be missing.
    All,
    /// Only those that an earlier process wrote and that no sweep has settled: candidates for orphans after a crash.
    /// Never a blob that this process wrote.
    Unswept,
}

/// Immutable bytes by id.
#[async_trait]
pub trait BlobStore: Send + Sync + 'static {
    /// Stores the data frames of `body` as a new blob; trailers are passed over. Durable (bytes, directory entry) when it
    /// returns.
    ///
    /// # Errors
    /// `Body` when the body itself failed, with its error inside; `Full`, `ReadOnly`, `Busy`, `Io` from the device; `Full` only
    /// once [`WriteOptions::room`] had its chance. After any error nothing of the blob is left, or what is left is found by
    /// an `Unswept` scan of the next process.
    ///
    /// # Cancel safety
    /// A dropped write leaves nothing behind but what the next process sweeps; the body is not read further.
    async fn write(&self, body: Body, options: WriteOptions<'_>) -> Result<WrittenBlob, BlobError>;

    /// Opens a blob for reading. What is opened stays readable, even when the blob is removed.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` where the frame of the blob is damaged; `Busy` when the process has too many files open; `Io`.
    async fn open(&self, id: BlobId) -> Result<Box<dyn BlobReader>, BlobError>;

    /// Removes a blob; one that is not there is no error. Its room is free at the latest when its last reader is dropped.
    ///
    /// # Errors
    /// `ReadOnly`, `Io` from the device; the blob may then still be there.
    async fn remove(&self, id: BlobId) -> Result<(), BlobError>;

    /// At most `limit` blobs of the scope with ids above `after`, in order of id; fewer only at the end.
    ///
    /// # Errors
    /// `Io` from the device.
    async fn scan(
        &self,
        scope: ScanScope,
        after: Option<BlobId>,
        limit: usize,
    ) -> Result<Vec<BlobInfo>, BlobError>;

    /// Declares that every blob of an `Unswept` scan has been kept for a reference or removed: no later scan of that scope
    /// visits them again, in this process or the next.
    ///
    /// # Errors
    /// `ReadOnly`, `Io` from the device; the next process then sweeps again.
    async fn settle(&self) -> Result<(), BlobError>;
}

/// An open blob.
pub trait BlobReader: Send + Sync {
    /// The blob's size.
    fn size_bytes(&self) -> u64;

    /// The bytes of `range`, each block verified before it is handed out. The frames come from the store's budget. A damaged
    /// block ends the body with [`types::BodyErrorKind::Corrupt`] before any byte of it. A range past the end ends the body
    /// with [`types::BodyErrorKind::Storage`].
    fn read(&self, range: ByteRange) -> Body;
}
