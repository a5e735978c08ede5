use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use meta::{MetaError, MetaErrorKind, Revision};
use rusqlite::Connection;

use crate::SqliteStats;
use crate::checkpoint::LogKeeper;
use crate::commit::{Outcome, apply};
use crate::connect;
use crate::error::kind_of;
use crate::pool::Pool;
use crate::queue::{Job, Queue};
use crate::schema;

/// The most commits in one transaction.
const BATCH_MAX_COMMITS: usize = 512;
/// Revisions that are written down as given away at once, ahead of their use: one small write in a million commits.
const RESERVE_REVISIONS: Revision = 1 << 20;

/// The one connection that writes, on its own thread.
pub(crate) struct Writer {
    /// Dropped before the connection: the last one to close removes the emptied log, and only the writer's may.
    pub(crate) log: LogKeeper,
    pub(crate) connection: Connection,
    pub(crate) queue: Arc<Queue>,
    pub(crate) stats: Arc<SqliteStats>,
    pub(crate) pool: Arc<Pool>,
    /// Set when a write failed in a way that leaves open what the device holds.
    pub(crate) failed: Arc<AtomicBool>,
    /// The last revision given away.
    pub(crate) revision: Revision,
    /// The last revision that may be given away before more are reserved.
    pub(crate) reserved: Revision,
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nothing is left in the queue, unless the thread panics: then nobody may wait for an answer for ever.
        self.queue.abandon();
    }
}

/// Where a transaction failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// While its commits were put into it.
    Apply,
    /// While it was ended, or rolled back.
    End,
}

/// Why a transaction was rolled back.
struct Failure {
    kind: MetaErrorKind,
    text: Box<str>,
    stage: Stage,
}

impl Failure {
    fn new(error: &rusqlite::Error, stage: Stage) -> Self {
        Self { kind: kind_of(error), text: error.to_string().into(), stage }
    }

    fn error(&self) -> MetaError {
        MetaError::with_source(self.kind, "commit", &*self.text)
    }

    /// Whether one of several commits may be the only one to blame.
    fn is_of_one_commit(&self) -> bool {
        let of_one =
            matches!(self.kind, MetaErrorKind::Full | MetaErrorKind::Corrupt | MetaErrorKind::TooLarge);
        of_one && (self.stage == Stage::Apply || self.kind == MetaErrorKind::Full)
    }

    /// Whether the device may hold something else than what SQLite believes.
    fn is_fatal(&self) -> bool {
        match self.kind {
            MetaErrorKind::Full => false,
            MetaErrorKind::Io | MetaErrorKind::ReadOnly => true,
            _ => self.stage == Stage::End,
        }
    }
}

impl Writer {
    /// Writes what is queued until the queue is closed and empty, then empties the log and closes the connection.
    ///
    /// # Errors
    /// Those of emptying the log; the records are safe in it.
    pub(crate) fn run(mut self) -> Result<(), MetaError> {
        while let Some(first) = self.queue.wait() {
            self.write(vec![first], BATCH_MAX_COMMITS);
            self.keep_log();
        }
        if self.has_failed() {
            // What the device holds is not known: the next opening finds out, and nothing is written before.
            return connect::keep_log_on_close(&self.connection);
        }
        self.log.empty(&self.connection)
    }

    fn keep_log(&mut self) {
        if self.has_failed() {
            return;
        }
        if let Err(error) = self.log.keep(&self.connection)
            && matches!(error.kind, MetaErrorKind::Io | MetaErrorKind::ReadOnly | MetaErrorKind::Corrupt)
        {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    /// Commits `batch` and answers; what queues meanwhile joins it up to `max_commits`.
    fn write(&mut self, mut batch: Vec<Job>, max_commits: usize) {
        if self.has_failed() {
            return self.answer_all(batch, |_| {
                let why = "an earlier write failed; the store must be opened again";
                Err(MetaError::with_source(MetaErrorKind::ReadOnly, "commit", why))
            });
        }
        match self.transact(&mut batch, max_commits) {
            Ok(outcomes) => self.answer_all(batch, |index| match outcomes[index] {
                Outcome::Applied(revision) => Ok(revision),
                Outcome::Refused(check) => Err(MetaError::new(MetaErrorKind::Conflict(check), "commit")),
            }),
            Err(failure) if failure.is_of_one_commit() && batch.len() > 1 => {
                batch.into_iter().for_each(|job| self.write(vec![job], 1));
            }
            Err(failure) => {
                self.failed.fetch_or(failure.is_fatal(), Ordering::Relaxed);
                self.answer_all(batch, |_| Err(failure.error()));
            }
        }
    }

    /// All of `batch`, and what queues meanwhile, in one transaction. On failure nothing of it has happened.
    fn transact(&mut self, batch: &mut Vec<Job>, max_commits: usize) -> Result<Vec<Outcome>, Failure> {
        let (revision, reserved) = (self.revision, self.reserved);
        let outcomes = self.apply_all(batch, max_commits).map_err(|error| Failure::new(&error, Stage::Apply));
        let outcomes = outcomes.and_then(|outcomes| {
            if self.revision > revision {
                self.end().map_err(|error| Failure::new(&error, Stage::End))?;
            } else {
                // No commit was applied, so there is nothing to make durable.
                self.reserved = reserved;
                self.execute("ROLLBACK").map_err(|error| Failure::new(&error, Stage::End))?;
            }
            Ok(outcomes)
        });
        outcomes.map_err(|failure| {
            (self.revision, self.reserved) = (revision, reserved);
            self.roll_back(failure)
        })
    }

    /// Opens a transaction and puts the commits into it in order, each seeing those before it.
    fn apply_all(&mut self, batch: &mut Vec<Job>, max_commits: usize) -> rusqlite::Result<Vec<Outcome>> {
        self.execute("BEGIN IMMEDIATE")?;
        if self.revision + BATCH_MAX_COMMITS as Revision > self.reserved {
            self.reserved = self.revision + RESERVE_REVISIONS;
            schema::reserve(&self.connection, self.reserved)?;
        }
        let mut outcomes = Vec::with_capacity(batch.len());
        loop {
            while let Some(job) = batch.get(outcomes.len()) {
                let outcome = apply(&self.connection, &job.commit, self.revision + 1)?;
                if let Outcome::Applied(revision) = outcome {
                    self.revision = revision;
                }
                outcomes.push(outcome);
            }
            self.queue.drain(batch, max_commits);
            if batch.len() == outcomes.len() {
                return Ok(outcomes);
            }
        }
    }

    /// Ends the transaction; what it holds is durable then.
    fn end(&self) -> rusqlite::Result<()> {
        let begun = Instant::now();
        self.execute("COMMIT")?;
        self.pool.note_commit();
        self.stats.sync_duration.observe(begun.elapsed());
        self.stats.batches.add(1);
        Ok(())
    }

    fn roll_back(&self, failure: Failure) -> Failure {
        // SQLite has rolled back by itself after the gravest errors.
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            return Failure::new(&error, Stage::End);
        }
        failure
    }

    fn answer_all(&self, batch: Vec<Job>, outcome: impl Fn(usize) -> Result<Revision, MetaError>) {
        for (index, job) in batch.into_iter().enumerate() {
            let outcome = outcome(index);
            match &outcome {
                Ok(_) => {
                    self.stats.commits.add(1);
                    self.stats.written_bytes.add(job.commit.size_bytes() as u64);
                }
                Err(error) if matches!(error.kind, MetaErrorKind::Conflict(_)) => self.stats.conflicts.add(1),
                Err(_) => self.stats.failures.add(1),
            }
            self.stats.commit_duration.observe(job.arrived.elapsed());
            // A caller that no longer waits does not want to know.
            let _ = job.reply.send(outcome);
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}
