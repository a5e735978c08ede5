use bytes::Bytes;
use meta::{MetaError, MetaErrorKind};

use crate::SqliteMeta;
use crate::view::Source;

/// Records that one [`SqliteMeta::scrub`] looks at, at most.
const SCRUB_PAGE_RECORDS: usize = 1000;

/// What one step of a scrub found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScrubPage {
    /// Records looked at.
    pub checked: u64,
    /// Their bytes of keys.
    pub key_bytes: u64,
    /// Keys of the records that do not match their checksum.
    pub damaged: Vec<Bytes>,
    /// Where to go on; `None` at the end. It stays good across restarts.
    pub next: Option<Bytes>,
}

impl SqliteMeta {
    /// Verifies the checksums of the next records, beginning at `from` (at first: the empty key). Takes about as long as a
    /// page of a scan, and goes on from [`ScrubPage::next`].
    ///
    /// # Errors
    /// `Corrupt` where not even the keys can be read; `Io`, `Unavailable`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn scrub(&self, from: &[u8]) -> Result<ScrubPage, MetaError> {
        let mut page = ScrubPage::default();
        let mut last = Bytes::new();
        self.pool().read(|reader| {
            reader.verify_from(from, SCRUB_PAGE_RECORDS, |key, is_whole| {
                page.checked += 1;
                page.key_bytes += key.len() as u64;
                last = Bytes::copy_from_slice(key);
                if !is_whole {
                    page.damaged.push(last.clone());
                }
            })
        })?;
        if page.checked == SCRUB_PAGE_RECORDS as u64 {
            page.next = Some([&last[..], b"\0"].concat().into());
        }
        self.stats().corrupt_records.add(page.damaged.len() as u64);
        Ok(page)
    }

    /// SQLite's check of the file's structure, on a thread of its own: pages, order of keys, free list. Returns what is
    /// wrong, at most 100 lines, none where all is well. Needs a Tokio runtime.
    ///
    /// # Errors
    /// `Unavailable` where it was ended because writes needed the room of its view, or the runtime is shutting down; `Io`.
    ///
    /// # Cancel safety
    /// It changes nothing; when dropped, it runs to its end unseen.
    pub async fn check_structure(&self) -> Result<Vec<String>, MetaError> {
        let (pool, snapshots) = (self.pool().clone(), self.snapshots().clone());
        let check = tokio::task::spawn_blocking(move || {
            let reader = pool.open()?;
            snapshots.run_long(reader, |reader| reader.check_structure())
        });
        check.await.unwrap_or_else(|error| {
            Err(MetaError::with_source(MetaErrorKind::Unavailable, "check the metadata database", error))
        })
    }
}
