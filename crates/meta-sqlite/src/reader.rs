use std::cell::Cell;

use bytes::Bytes;
use meta::{MetaError, MetaErrorKind, Record, ScanPage, ScanRequest, after_prefix};
use rusqlite::{Connection, InterruptHandle};

use crate::error::OrMeta;
use crate::page::PageBuilder;
use crate::row;

const GET: &str = "SELECT key, revision, crc, value FROM record WHERE key = ?1";
/// Where a scan ends is looked at here: SQLite would compare the key of every row, those that are stepped over included.
const SCAN: &str = "SELECT key, revision, crc, value FROM record WHERE key >= ?1 ORDER BY key";

const COUNT_LARGE: &str =
    "SELECT (SELECT count(*) FROM large), (SELECT count(*) FROM record WHERE typeof(value) = 'integer')";

/// Rows of one folded prefix that are stepped over before seeking behind all of them: a seek costs as much as two dozen
/// steps, and most prefixes hold either a few keys or very many.
const FOLD_STEPS_MAX: usize = 16;
/// The same once a prefix was too long to be stepped over: the next ones most likely are, too.
const FOLD_STEPS_MIN: usize = 1;

/// One connection that reads. Between two reads it stays in its view while nothing has been committed, which spares each
/// read the taking and giving back of SQLite's locks.
pub(crate) struct Reader {
    connection: Connection,
    /// How many transactions had been committed when the view began; `None` outside one.
    seen: Cell<Option<u64>>,
}

impl Reader {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, seen: Cell::new(None) }
    }

    /// Sees to it that the view holds all of the first `committed` transactions.
    pub(crate) fn refresh(&self, committed: u64) -> Result<(), MetaError> {
        if self.seen.get() == Some(committed) {
            return Ok(());
        }
        self.end()?;
        self.execute("BEGIN").or_meta("begin a read")?;
        self.seen.set(Some(committed));
        Ok(())
    }

    /// Sees to it that the view is of no later moment than this one: SQLite begins it with the first read.
    pub(crate) fn hold(&self) -> Result<(), MetaError> {
        self.execute("SELECT 1 FROM reserve").or_meta("begin a read")
    }

    /// Ends the view, if there is one.
    pub(crate) fn end(&self) -> Result<(), MetaError> {
        match self.seen.take() {
            Some(_) => self.execute("COMMIT").or_meta("end a read"),
            None => Ok(()),
        }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Record>, MetaError> {
        const OPERATION: &str = "get";
        let mut statement = self.connection.prepare_cached(GET).or_meta(OPERATION)?;
        let mut rows = statement.query([key]).or_meta(OPERATION)?;
        let Some(row) = rows.next().or_meta(OPERATION)? else { return Ok(None) };
        let found = (row, row::key(row, OPERATION)?);
        let record = row::read(&self.connection, found, OPERATION, |record| Record {
            key: Bytes::copy_from_slice(record.key),
            value: Bytes::copy_from_slice(record.value),
            revision: record.revision,
        })?;
        Ok(Some(record))
    }

    /// All of `keys`.
    pub(crate) fn get_many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, MetaError> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// One page.
    pub(crate) fn scan(&self, request: &ScanRequest) -> Result<ScanPage, MetaError> {
        if request.fold.is_some() { self.scan_folded(request) } else { self.scan_plain(request) }
    }

    fn scan_plain(&self, request: &ScanRequest) -> Result<ScanPage, MetaError> {
        const OPERATION: &str = "scan";
        let mut page = PageBuilder::new(request);
        let mut statement = self.connection.prepare_cached(SCAN).or_meta(OPERATION)?;
        let mut rows = statement.query([&request.start[..]]).or_meta(OPERATION)?;
        while let Some(row) = rows.next().or_meta(OPERATION)? {
            let key = row::key(row, OPERATION)?;
            if key >= &request.end[..] {
                break;
            }
            if !row::read(&self.connection, (row, key), OPERATION, |record| page.push_record(record))? {
                return Ok(page.finish(true));
            }
        }
        Ok(page.finish(false))
    }

    fn scan_folded(&self, request: &ScanRequest) -> Result<ScanPage, MetaError> {
        let mut page = PageBuilder::new(request);
        let mut progress = Progress::Seek(request.start.to_vec());
        let mut steps_max = FOLD_STEPS_MAX;
        while let Progress::Seek(start) = progress {
            progress = self.scan_from(&start, request, steps_max, &mut page)?;
            steps_max = FOLD_STEPS_MIN;
        }
        Ok(page.finish(matches!(progress, Progress::Full)))
    }

    /// Adds items from `start` on, stepping over short prefixes, until the page is complete or a long one is to be passed.
    fn scan_from(
        &self,
        start: &[u8],
        request: &ScanRequest,
        mut steps_max: usize,
        page: &mut PageBuilder,
    ) -> Result<Progress, MetaError> {
        const OPERATION: &str = "scan";
        let prefix_len = |key: &[u8]| request.fold.as_ref().and_then(|fold| fold.prefix_len(key));
        let mut statement = self.connection.prepare_cached(SCAN).or_meta(OPERATION)?;
        let mut rows = statement.query([start]).or_meta(OPERATION)?;
        let mut steps = 0;
        while let Some(row) = rows.next().or_meta(OPERATION)? {
            let key = row::key(row, OPERATION)?;
            if let Some(prefix) = page.last_prefix().filter(|prefix| key.starts_with(prefix)) {
                steps += 1;
                if steps <= steps_max {
                    continue;
                }
                return Ok(after_prefix(prefix).map_or(Progress::End, Progress::Seek));
            }
            if steps > 0 {
                // The last prefix was short after all.
                steps_max = FOLD_STEPS_MAX;
            }
            steps = 0;
            if key >= &request.end[..] {
                break;
            }
            let added =
                row::read(&self.connection, (row, key), OPERATION, |record| match prefix_len(record.key) {
                    Some(len) => page.push_prefix(&record.key[..len]),
                    None => page.push_record(record),
                })?;
            if !added {
                return Ok(Progress::Full);
            }
        }
        Ok(Progress::End)
    }

    /// SQLite's own check of the file's structure; the first damages found, none where all is well.
    pub(crate) fn check_structure(&self) -> Result<Vec<String>, MetaError> {
        const OPERATION: &str = "check the metadata database";
        let mut statement = self.connection.prepare("PRAGMA quick_check(100)").or_meta(OPERATION)?;
        let lines = statement.query_map([], |row| row.get::<_, String>(0)).or_meta(OPERATION)?;
        let lines: Result<Vec<_>, _> = lines.collect();
        let mut lines: Vec<_> = lines.or_meta(OPERATION)?.into_iter().filter(|line| line != "ok").collect();
        let (large, referred): (i64, i64) = self
            .connection
            .query_row(COUNT_LARGE, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .or_meta(OPERATION)?;
        if large != referred {
            lines.push(format!("{large} large values, but {referred} records that have one"));
        }
        Ok(lines)
    }

    /// The rows from `start` on, each verified or not, at most `limit`.
    pub(crate) fn verify_from(
        &self,
        start: &[u8],
        limit: usize,
        mut visit: impl FnMut(&[u8], bool),
    ) -> Result<(), MetaError> {
        const OPERATION: &str = "verify the metadata database";
        const VERIFY: &str = "SELECT key, revision, crc, value FROM record WHERE key >= ?1 ORDER BY key";
        let mut statement = self.connection.prepare_cached(VERIFY).or_meta(OPERATION)?;
        let mut rows = statement.query([start]).or_meta(OPERATION)?;
        for _ in 0..limit {
            let Some(row) = rows.next().or_meta(OPERATION)? else { break };
            let key = row::key(row, OPERATION)?;
            match row::read(&self.connection, (row, key), OPERATION, |_| ()) {
                Err(error) if error.kind != MetaErrorKind::Corrupt => return Err(error),
                outcome => visit(key, outcome.is_ok()),
            }
        }
        Ok(())
    }

    /// Ends a read of this connection from another thread.
    pub(crate) fn interrupt_handle(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    }
}

/// Where a folded scan stands.
enum Progress {
    /// It goes on at this key.
    Seek(Vec<u8>),
    /// The page is full, and there is more.
    Full,
    /// The range has ended.
    End,
}
