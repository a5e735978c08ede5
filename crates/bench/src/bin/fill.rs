//! Fills a data directory with many small objects through the store's port, much faster than over HTTP.
//!
//! Knows: what a server's data directory holds.
//! Does not know: HTTP.

#![allow(clippy::print_stdout, reason = "the program tells what it made")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use blob::{FileBlobs, FileOptions};
use bytes::Bytes;
use clap::Parser;
use meta_sqlite::{SqliteMeta, SqliteOptions};
use native::{NativeOptions, NativeStore};
use store::{Bucket, BucketStore, BucketUpdate, ObjectStore, PutOptions, Versioning};
use types::{Body, BucketName, Budget, CanonicalId, Context, ObjectKey, Owner, Random, SystemClock, TagSet};

type Failure = Box<dyn Error + Send + Sync>;

/// Puts under way at once: enough for large groups of commits.
const CONCURRENCY: u64 = 512;

/// Puts objects of one bucket into a data directory that no server has open.
#[derive(Debug, Parser)]
#[command(name = "fill", disable_version_flag = true)]
struct Args {
    /// The data directory.
    dir: PathBuf,
    /// The bucket, made if it is not there.
    #[arg(long, default_value = "bench")]
    bucket: String,
    /// What keys begin with.
    #[arg(long, default_value = "load/")]
    prefix: String,
    /// How many keys.
    #[arg(long)]
    objects: u64,
    /// Versions of each key; more than one enables versioning.
    #[arg(long, default_value_t = 1)]
    versions: u64,
    /// Keys of one directory, by `/`; all stand in one where it is not given.
    #[arg(long)]
    per_directory: Option<u64>,
    /// Bytes of one object.
    #[arg(long, default_value_t = 100)]
    size: usize,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(fill(&args))?;
    let (count, seconds) = (args.objects * args.versions, began.elapsed().as_secs_f64());
    println!("{count} objects in {seconds:.1} s");
    Ok(())
}

async fn fill(args: &Args) -> Result<(), Failure> {
    let meta = Arc::new(open_meta(&args.dir)?);
    let store = open_store(&args.dir, meta.clone()).await?;
    let bucket = make_bucket(&store, args).await?;
    for _ in 0..args.versions {
        put_all(&store, &bucket, args).await?;
    }
    drop(store);
    if let Some(meta) = Arc::into_inner(meta) {
        meta.close()?;
    }
    Ok(())
}

fn open_meta(dir: &Path) -> Result<SqliteMeta, Failure> {
    std::fs::create_dir_all(dir)?;
    let options = SqliteOptions { durability: meta_sqlite::Durability::Relaxed, ..SqliteOptions::default() };
    Ok(SqliteMeta::open(&dir.join("meta.sqlite"), options)?)
}

async fn open_store(dir: &Path, meta: Arc<SqliteMeta>) -> Result<NativeStore, Failure> {
    let blobs = dir.join("blobs");
    std::fs::create_dir_all(&blobs)?;
    let options = FileOptions {
        durability: blob::Durability::Relaxed,
        budget: Budget::new(64 * 1024 * 1024),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    };
    let blobs = FileBlobs::open(&blobs, options).await?;
    Ok(NativeStore::new(meta, Arc::new(blobs), NativeOptions::new(Arc::new(SystemRandom))))
}

async fn make_bucket(store: &NativeStore, args: &Args) -> Result<Bucket, Failure> {
    let (cx, name) = (Context::background(), BucketName::new(&args.bucket)?);
    // Whoever owns it: root may do everything in it.
    let owner = Owner { id: CanonicalId::from_text(&"0".repeat(64)), display_name: "fill".into() };
    let bucket = match store.bucket(&cx, &name).await {
        Ok(bucket) => bucket,
        Err(_) => store.create_bucket(&cx, &name, &owner, &TagSet::default()).await?,
    };
    if args.versions > 1 {
        return Ok(store.update_bucket(&cx, &bucket, BucketUpdate::Versioning(Versioning::Enabled)).await?);
    }
    Ok(bucket)
}

async fn put_all(store: &NativeStore, bucket: &Bucket, args: &Args) -> Result<(), Failure> {
    let (next, content) = (Arc::new(AtomicU64::new(0)), Bytes::from(vec![b'x'; args.size]));
    let lanes: Vec<_> = (0..CONCURRENCY)
        .map(|_| {
            let (store, bucket, next, content) =
                (store.clone(), bucket.clone(), next.clone(), content.clone());
            let (prefix, per_directory, objects) = (args.prefix.clone(), args.per_directory, args.objects);
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= objects {
                        return Ok::<(), Failure>(());
                    }
                    let key = ObjectKey::new(&key_of(&prefix, per_directory, number))?;
                    let (cx, body) = (Context::background(), Body::from_bytes(content.clone()));
                    store.put(&cx, &bucket, &key, body, PutOptions::default()).await?;
                }
            })
        })
        .collect();
    for lane in lanes {
        lane.await??;
    }
    Ok(())
}

/// The names that the load generator's reads choose from, where there are no directories.
fn key_of(prefix: &str, per_directory: Option<u64>, number: u64) -> String {
    match per_directory {
        Some(count) => format!("{prefix}d{:08}/o{number:08}", number / count),
        None => format!("{prefix}o{number:08}"),
    }
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system has randomness once it has started");
    }
}
