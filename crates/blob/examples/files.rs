//! What blobs on files cost beside plain writes and reads of the same bytes.
//!
//! `cargo run --release -p blob --example files -- DIR [MIB] [COUNT]`: one line per way, with throughput and the CPU time of
//! the whole process, kernel included.

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use blob::{BlobId, BlobStore, Durability, FileBlobs, FileOptions, WriteOptions};
use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};
use types::{Body, Budget, ByteRange, Random, SystemClock};

const MIB: usize = 1024 * 1024;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Numbers;

impl Random for Numbers {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

struct Measure {
    name: String,
    wall: Instant,
    cpu: Duration,
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

impl Measure {
    fn begin(name: impl Into<String>) -> Self {
        Self { name: name.into(), wall: Instant::now(), cpu: cpu_time() }
    }

    fn end(self, bytes: usize) {
        let wall = self.wall.elapsed().as_secs_f64();
        let cpu = (cpu_time() - self.cpu).as_secs_f64();
        let gib = bytes as f64 / (1024.0 * MIB as f64);
        println!("{:<44} {:>7.0} MB/s {:>7.3} CPU s/GiB", self.name, bytes as f64 / wall / 1e6, cpu / gib);
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let directory = PathBuf::from(args.next().ok_or("usage: files DIR [MIB] [COUNT]")?);
    let size = args.next().map_or(Ok(64), |text| text.parse::<usize>())? * MIB;
    let count = args.next().map_or(Ok(8), |text| text.parse::<usize>())?;
    let data = Bytes::from((0..size).map(|place| ((place * 31) >> 3) as u8).collect::<Vec<_>>());
    std::fs::create_dir_all(&directory)?;
    for _ in 0..2 {
        plain(&directory, &data, count)?;
        for (durability, frame) in
            [(Durability::Strict, 64 * 1024), (Durability::Strict, MIB), (Durability::Relaxed, MIB)]
        {
            blobs(&directory.join("blobs"), &data, count, durability, frame).await?;
        }
    }
    Ok(())
}

fn plain(directory: &Path, data: &[u8], count: usize) -> Outcome<()> {
    let paths: Vec<_> = (0..count).map(|number| directory.join(format!("plain-{number}"))).collect();
    for synced in [true, false] {
        let measure = Measure::begin(if synced { "write(), fsync" } else { "write()" });
        for path in &paths {
            let file = File::create(path)?;
            for (place, chunk) in data.chunks(MIB).enumerate() {
                file.write_all_at(chunk, (place * MIB) as u64)?;
            }
            if synced {
                file.sync_all()?;
                File::open(directory)?.sync_all()?;
            }
        }
        measure.end(data.len() * count);
        if synced {
            paths.iter().try_for_each(std::fs::remove_file)?;
        }
    }
    let mut buffer = vec![0; MIB];
    let measure = Measure::begin("pread()");
    for path in &paths {
        let file = File::open(path)?;
        for offset in (0..data.len()).step_by(MIB) {
            file.read_exact_at(&mut buffer, offset as u64)?;
        }
    }
    measure.end(data.len() * count);
    Ok(paths.iter().try_for_each(std::fs::remove_file)?)
}

async fn blobs(path: &Path, data: &Bytes, count: usize, durability: Durability, frame: usize) -> Outcome<()> {
    let options = FileOptions {
        durability,
        budget: Budget::new(128 * MIB),
        clock: Arc::new(SystemClock),
        random: Arc::new(Numbers),
    };
    let store = FileBlobs::open(path, options).await?;
    let measure = Measure::begin(format!("blob write, {durability:?}, frames of {} KiB", frame / 1024));
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(write(&store, data, frame).await?);
    }
    measure.end(data.len() * count);

    let measure = Measure::begin("blob write, 4 at once");
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (store, data) = (store.clone(), data.clone());
            tokio::spawn(async move { write(&store, &data, frame).await.map_err(|error| error.to_string()) })
        })
        .collect();
    for task in tasks {
        ids.push(task.await??);
    }
    measure.end(data.len() * count);

    read_all(&store, &ids, "blob read").await?;
    for id in &ids {
        let name = id.to_string();
        let file = File::open(path.join(&name[..12]).join(name))?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    }
    read_all(&store, &ids, "blob read, not cached").await?;
    for id in ids {
        store.remove(id).await?;
    }
    Ok(())
}

async fn read_all(store: &FileBlobs, ids: &[BlobId], name: &str) -> Outcome<()> {
    let measure = Measure::begin(name);
    let (mut first, mut total) = (Duration::ZERO, 0);
    for id in ids {
        let begun = Instant::now();
        let reader = store.open(*id).await?;
        let mut body = reader.read(ByteRange::whole(reader.size_bytes()));
        let mut read = 0;
        while let Some(part) = body.next_frame().await {
            if let types::Frame::Data(bytes) = part? {
                if read == 0 {
                    first += begun.elapsed();
                }
                read += bytes.len();
            }
        }
        total += read;
    }
    measure.end(total);
    let stats = store.stats();
    println!(
        "    first frame after {:.0} us; so far reads inline {}, blocking {}; syncs {:?}",
        first.as_secs_f64() * 1e6 / ids.len() as f64,
        stats.reads_inline.get(),
        stats.reads_blocking.get(),
        stats.file_syncs.snapshot().sum
    );
    Ok(())
}

async fn write(store: &FileBlobs, data: &Bytes, frame: usize) -> Result<BlobId, blob::BlobError> {
    let frames = (0..data.len()).step_by(frame).map(|at| data.slice(at..(at + frame).min(data.len())));
    let options = WriteOptions::of_size(data.len() as u64);
    store.write(Body::from_frames(frames.collect()), options).await.map(|written| written.id)
}
