//! Measures the engine alone and prints one table.
//!
//! `engine [--threads N] [--value BYTES] [--keys N] [--seconds S] [--dir DIR] [--durability strict|relaxed] [--only puts|reads]`
//!
//! A put is what storing a small object costs: a shared check on one record, a record of 220 bytes under a random key that
//! is checked to be free, and the value under a key of its own, those in ascending order.
#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

mod settings;
mod wait;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use meta::{Check, Commit, Fold, MetaRead, MetaStore, ScanRequest};
use meta_sqlite::{SqliteMeta, SqliteOptions};

use crate::settings::{Part, Settings};
use crate::wait::wait;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of a record that describes an object.
const RECORD_BYTES: usize = 220;

fn main() -> Result<(), Failure> {
    let settings = Settings::parse(std::env::args().skip(1))?;
    let directory = settings.directory.join(format!("engine-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let outcome = measure(&settings, &directory);
    std::fs::remove_dir_all(&directory)?;
    outcome
}

fn measure(settings: &Settings, directory: &Path) -> Result<(), Failure> {
    let options = SqliteOptions { durability: settings.durability, ..SqliteOptions::default() };
    println!("{:<44}{:>14}", "work", "result");
    if settings.part != Part::Reads {
        puts(settings, &directory.join("puts.db"), &options)?;
    }
    if settings.part == Part::Puts {
        return Ok(());
    }
    for keys in [10_000, settings.keys] {
        let path = directory.join(format!("keys-{keys}.db"));
        let meta = SqliteMeta::open(&path, options.clone())?;
        fill(&meta, keys)?;
        meta.close()?;
        let begun = Instant::now();
        let meta = SqliteMeta::open(&path, options.clone())?;
        row(&format!("open, {keys} keys"), &micros(begun.elapsed()));
        reads(&meta, keys)?;
        scans(&meta, keys)?;
        row(&format!("resident memory, {keys} keys"), &resident());
    }
    Ok(())
}

fn puts(settings: &Settings, path: &Path, options: &SqliteOptions) -> Result<(), Failure> {
    let meta = Arc::new(SqliteMeta::open(path, options.clone())?);
    let mut bucket = Commit::default();
    bucket.put("b/bucket", "owner");
    let revision = wait(meta.commit(bucket))?;
    for threads in [1, 16, settings.threads] {
        let number = AtomicU64::new(u64::from(threads) << 40);
        let (commits, batches) = (meta.stats().commits.get(), meta.stats().batches.get());
        let (begun, cpu) = (Instant::now(), cpu_time());
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while begun.elapsed() < settings.duration {
                        let number = number.fetch_add(1, Ordering::Relaxed);
                        wait(meta.commit(put(number, settings.value_bytes, revision))).expect("a put");
                    }
                });
            }
        });
        let (spent, cpu) = (begun.elapsed(), cpu_time().saturating_sub(cpu));
        let commits = meta.stats().commits.get() - commits;
        let batches = meta.stats().batches.get() - batches;
        let rate = commits as f64 / spent.as_secs_f64();
        let work = format!("puts of {} B, {threads} threads", settings.value_bytes);
        let detail = format!(
            "  {:.1} per batch, {:.1} us CPU each",
            commits as f64 / batches as f64,
            cpu.as_secs_f64() * 1e6 / commits as f64
        );
        row(&work, &format!("{rate:.0}/s{detail}"));
    }
    let sync = meta.stats().sync_duration.snapshot();
    row("mean end of a transaction", &micros(sync.sum / sync.buckets.iter().sum::<u64>().max(1) as u32));
    let moved = meta.stats().checkpoint_duration.snapshot();
    row("time in checkpoints", &micros(moved.sum));
    Ok(())
}

fn put(number: u64, value_bytes: usize, bucket: u64) -> Commit {
    let mut commit = Commit::default();
    commit.check(Check::Shared(Bytes::from_static(b"b/bucket"), bucket));
    let key = Bytes::from(format!("o/bucket/{:016x}", scatter(number)));
    commit.check(Check::Absent(key.clone())).put(key, vec![7; RECORD_BYTES]);
    if value_bytes > 0 {
        commit.put(format!("i/{number:016x}"), vec![8; value_bytes]);
    }
    commit
}

fn fill(meta: &SqliteMeta, keys: u64) -> Result<(), Failure> {
    let numbers: Vec<u64> = (0..keys).collect();
    for chunk in numbers.chunks(4000) {
        let mut commit = Commit::default();
        for number in chunk {
            commit.put(key(*number), vec![7; RECORD_BYTES]);
        }
        wait(meta.commit(commit))?;
    }
    Ok(())
}

/// A key of 41 bytes: groups of 1,000 keys end at byte 18, of 10 keys at byte 21, of one key at byte 23.
fn key(number: u64) -> String {
    let (group, ten, one) = (number / 1000, number / 10 % 100, number % 10);
    format!("o/bucket/{group:08}/{ten:02}/{one}/{number:018}")
}

fn reads(meta: &SqliteMeta, keys: u64) -> Result<(), Failure> {
    const READS: u64 = 100_000;
    let begun = Instant::now();
    for number in 0..READS {
        let key = key(scatter(number) % keys);
        if wait(meta.get(key.as_bytes()))?.is_none() {
            return Err("a record is missing".into());
        }
    }
    row(&format!("get of a random key, {keys} keys"), &micros(begun.elapsed() / READS as u32));
    Ok(())
}

fn scans(meta: &SqliteMeta, keys: u64) -> Result<(), Failure> {
    const SCANS: u64 = 200;
    let page = |start: String, fold: Option<Fold>| {
        let request =
            ScanRequest { start: start.into(), end: Bytes::from_static(b"o/bucket0"), limit: 1000, fold };
        wait(meta.scan(request))
    };
    let (begun, mut items) = (Instant::now(), 0);
    for number in 0..SCANS {
        items += page(key(scatter(number) % (keys - 1000)), None)?.items.len();
    }
    row(
        &format!("page of {} records, {keys} keys", items as u64 / SCANS),
        &micros(begun.elapsed() / SCANS as u32),
    );
    for (name, from) in [("1 key", 21), ("10 keys", 18), ("1,000 keys", 9)] {
        let fold = Fold { delimiter: Bytes::from_static(b"/"), from };
        let (begun, mut items) = (Instant::now(), 0);
        for _ in 0..SCANS {
            items += page("o/bucket/".to_owned(), Some(fold.clone()))?.items.len();
        }
        let items = items as u64 / SCANS;
        row(
            &format!("page of {items} prefixes of {name}, {keys} keys"),
            &micros(begun.elapsed() / SCANS as u32),
        );
    }
    Ok(())
}

fn row(work: &str, result: &str) {
    println!("{work:<44}{result:>14}");
}

fn micros(duration: Duration) -> String {
    format!("{:.1} us", duration.as_secs_f64() * 1e6)
}

/// Spreads numbers over 64 bits, each to another one.
fn scatter(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Processor time of this process so far, where the system tells.
fn cpu_time() -> Duration {
    const TICK: Duration = Duration::from_millis(10);
    let Ok(text) = std::fs::read_to_string("/proc/self/stat") else { return Duration::ZERO };
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u32 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    TICK * ticks
}

fn resident() -> String {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("unknown");
    line.trim_start_matches("VmRSS:").trim().to_owned()
}
