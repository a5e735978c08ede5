use blob::BlobStats;
use gateway::{Reading, ReadingValue};
use layers::{ObserveStats, StoreOperation};
use meta_sqlite::SqliteStats;
use types::{Counter, DurationHistogram};

/// A number that only grows.
pub(super) fn counter(name: &'static str, help: &'static str, counter: &Counter) -> Reading {
    Reading::new(name, help, ReadingValue::Counter(counter.get()))
}

/// Durations in buckets.
pub(super) fn durations(name: &'static str, help: &'static str, durations: &DurationHistogram) -> Reading {
    Reading::new(name, help, ReadingValue::Histogram(durations.snapshot()))
}

/// What was asked of a store, by operation and outcome.
pub(super) fn observed(stats: &ObserveStats) -> Vec<Reading> {
    let mut all = vec![
        counter("sluice_store_written_bytes", "Bytes of objects and parts taken in", &stats.bytes_written),
        counter("sluice_store_read_bytes", "Bytes of objects handed out", &stats.bytes_read),
        counter("sluice_store_reads_broken", "Reads that broke off", &stats.reads_broken),
    ];
    for (operation, name) in StoreOperation::ALL {
        let of = stats.of(operation);
        let outcomes =
            [("done", &of.done), ("refused", &of.refused), ("failed", &of.failed), ("dropped", &of.dropped)];
        let before = all.len();
        for (outcome, count) in outcomes.into_iter().filter(|(_, count)| count.get() > 0) {
            let reading = counter("sluice_store_calls", "Calls of the store", count);
            all.push(reading.label("call", name).label("outcome", outcome));
        }
        if all.len() > before {
            let reading =
                durations("sluice_store_call_duration_seconds", "Calls of the store", &of.durations);
            all.push(reading.label("call", name));
        }
    }
    all
}

/// What a native store has counted.
pub(super) fn native(stats: &native::Stats) -> Vec<Reading> {
    vec![
        counter(
            "sluice_commit_conflicts",
            "Commits decided again because another came first",
            &stats.commit_conflicts,
        ),
        counter(
            "sluice_inline_writes",
            "Objects and parts stored beside their records",
            &stats.inline_writes,
        ),
        counter("sluice_blob_writes", "Objects and parts stored as blobs", &stats.blob_writes),
        counter(
            "sluice_reopened",
            "Objects read again because they were replaced meanwhile",
            &stats.reopened,
        ),
        counter(
            "sluice_orphans_removed",
            "Blobs left by an earlier process, removed",
            &stats.orphans_removed,
        ),
        counter(
            "sluice_abandoned_removed",
            "Blobs whose write did not become visible, removed",
            &stats.abandoned_removed,
        ),
        counter(
            "sluice_blobs_collected",
            "Blobs removed because their last reference went",
            &stats.blobs_collected,
        ),
        counter("sluice_parts_collected", "Parts of ended uploads that were dropped", &stats.parts_collected),
        counter(
            "sluice_collector_tasks_done",
            "Pieces of work finished by the collector",
            &stats.to_dos_done,
        ),
        counter(
            "sluice_collector_failures",
            "Rounds of the collector left for later",
            &stats.collect_failures,
        ),
    ]
}

/// What a metadata engine on SQLite has counted.
pub(super) fn sqlite(stats: &SqliteStats) -> Vec<Reading> {
    vec![
        counter("sluice_meta_commits", "Metadata commits that took effect", &stats.commits),
        counter("sluice_meta_conflicts", "Metadata commits refused by a check", &stats.conflicts),
        counter("sluice_meta_failures", "Metadata commits that failed", &stats.failures),
        counter(
            "sluice_meta_fsync_batches",
            "Transactions that carried commits, each synchronised once",
            &stats.batches,
        ),
        counter("sluice_meta_written_bytes", "Bytes of keys and values written", &stats.written_bytes),
        durations(
            "sluice_meta_commit_duration_seconds",
            "From a commit's arrival to its answer",
            &stats.commit_duration,
        ),
        durations("sluice_meta_sync_duration_seconds", "Ending one transaction", &stats.sync_duration),
        durations(
            "sluice_meta_checkpoint_duration_seconds",
            "Moving the log into the database",
            &stats.checkpoint_duration,
        ),
        counter("sluice_meta_checkpoints", "Checkpoints", &stats.checkpoints),
        counter(
            "sluice_meta_expired_snapshots",
            "Snapshots ended for the log's sake",
            &stats.expired_snapshots,
        ),
        durations("sluice_meta_get_duration_seconds", "Point reads of metadata", &stats.get_duration),
        durations("sluice_meta_scan_duration_seconds", "Pages of metadata scans", &stats.scan_duration),
        counter(
            "sluice_meta_corrupt_records",
            "Records that did not match their checksum",
            &stats.corrupt_records,
        ),
    ]
}

/// What a blob store has counted.
pub(super) fn blobs(stats: &BlobStats) -> Vec<Reading> {
    vec![
        counter("sluice_blobs_written", "Blobs written", &stats.blobs_written),
        counter("sluice_blob_written_bytes", "Bytes of blobs written", &stats.bytes_written),
        counter(
            "sluice_blob_writes_abandoned",
            "Blob writes that failed or were dropped",
            &stats.writes_abandoned,
        ),
        counter("sluice_blob_read_bytes", "Bytes of blobs read and verified", &stats.bytes_read),
        counter("sluice_blobs_removed", "Blobs removed", &stats.blobs_removed),
        counter(
            "sluice_blob_checksum_failures",
            "Blocks that did not match their checksum",
            &stats.checksum_failures,
        ),
        durations("sluice_blob_file_sync_duration_seconds", "Syncs of blobs' files", &stats.file_syncs),
        durations(
            "sluice_blob_directory_sync_duration_seconds",
            "Syncs of directories",
            &stats.directory_syncs,
        ),
        counter(
            "sluice_blob_directory_sync_waiters",
            "Writers that shared a directory sync",
            &stats.directory_sync_waiters,
        ),
        counter("sluice_blob_reads_inline", "Reads served from the page cache at once", &stats.reads_inline),
        counter("sluice_blob_reads_blocking", "Reads that went to a blocking thread", &stats.reads_blocking),
    ]
}

/// What a client of a service has done.
pub(super) fn client(stats: &remote::Stats) -> Vec<Reading> {
    vec![
        counter(
            "sluice_remote_connections",
            "Connections opened to the service; requests beyond these went over one that was there",
            &stats.connections,
        ),
        counter(
            "sluice_remote_connections_failed",
            "Connections to the service that could not be opened",
            &stats.connections_failed,
        ),
        counter(
            "sluice_remote_requests",
            "Requests sent to the service, repeated ones included",
            &stats.requests,
        ),
        counter("sluice_remote_retries", "Requests repeated after a passing failure", &stats.retries),
        counter(
            "sluice_remote_retries_denied",
            "Requests not repeated because the budget for that was spent",
            &stats.retries_denied,
        ),
        counter("sluice_remote_breaker_openings", "Times that the breaker opened", &stats.breaker_openings),
        counter(
            "sluice_remote_breaker_refusals",
            "Requests not sent because the breaker was open",
            &stats.breaker_refusals,
        ),
        counter("sluice_remote_time_outs", "Requests that took too long", &stats.time_outs),
        counter("sluice_remote_sent_bytes", "Bytes of bodies sent to the service", &stats.sent_bytes),
        counter(
            "sluice_remote_received_bytes",
            "Bytes of bodies received from the service",
            &stats.received_bytes,
        ),
        durations(
            "sluice_remote_request_duration_seconds",
            "From taking up a request to the head of its answer",
            &stats.durations,
        ),
    ]
}

/// What a store on a cloud drive has counted.
pub(super) fn drive(stats: &remote_drime::Stats) -> Vec<Reading> {
    let reading = |name, help, count| Reading::new(name, help, ReadingValue::Counter(count));
    vec![
        reading("sluice_drive_folders_listed", "Folders listed", stats.folders_listed),
        reading(
            "sluice_drive_listings_reused",
            "Times that a listing at hand would do",
            stats.listings_reused,
        ),
        reading(
            "sluice_drive_listings_joined",
            "Times that a listing under way was waited for",
            stats.listings_joined,
        ),
        reading("sluice_drive_folders_stale", "Folders that were gone or another one's", stats.folders_stale),
        reading("sluice_drive_calls_waited", "Calls that waited for the account's limit", stats.calls_waited),
        reading("sluice_drive_calls_refused", "Calls refused for the account's limit", stats.calls_refused),
        reading("sluice_drive_healed", "Older files of a name that were removed", stats.healed),
        reading(
            "sluice_drive_adopted",
            "Files found after the answer of their upload was lost",
            stats.adopted,
        ),
        reading("sluice_drive_folders_removed", "Empty folders removed", stats.folders_removed),
    ]
}
