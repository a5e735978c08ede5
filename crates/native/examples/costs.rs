//! What single operations of the native store cost over engines in memory: the store's own share of a request.
//!
//! `cargo run --release -p native --example costs`

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![allow(clippy::print_stdout, reason = "the figures are the result")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use blob::MemoryBlobs;
use meta::MemoryMeta;
use native::{NativeOptions, NativeStore};
use store::{
    Bucket, BucketStore, BucketUpdate, ListObjects, ListVersions, ObjectStore, OpenOptions, Position,
    PutOptions, Versioning,
};
use types::{Body, BucketName, ByteRange, CanonicalId, Ceiling, Context, ObjectKey, Owner, Random, TagSet};

const KEYS: u64 = 100_000;
const ROUNDS: u32 = 20_000;
const PAGES: u32 = 200;

/// Numbers that repeat, for ids.
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        buffer.iter_mut().zip(number.to_le_bytes().iter().cycle()).for_each(|(to, from)| *to = *from);
    }
}

fn key(number: u64) -> ObjectKey {
    ObjectKey::new(&format!("folder-{:03}/object-{number:09}", number % 100)).unwrap()
}

struct Measured {
    store: NativeStore,
    bucket: Bucket,
    cx: Context,
}

impl Measured {
    async fn new() -> Self {
        let (meta, blobs) = (MemoryMeta::default(), MemoryBlobs::new(Ceiling::unlimited()));
        let options = NativeOptions::new(Arc::new(Counting(1.into())));
        let store = NativeStore::new(Arc::new(meta), Arc::new(blobs), options);
        let (cx, name) = (Context::background(), BucketName::new("bucket").unwrap());
        let owner = Owner { id: CanonicalId::from_text("00"), display_name: "o".into() };
        let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
        Self { store, bucket, cx }
    }

    async fn put(&self, number: u64, size: usize) {
        let body = Body::from_bytes(vec![7; size].into());
        self.store.put(&self.cx, &self.bucket, &key(number), body, PutOptions::default()).await.unwrap();
    }

    async fn get(&self, number: u64) {
        let opened =
            self.store.open(&self.cx, &self.bucket, &key(number), OpenOptions::default()).await.unwrap();
        let body = opened.content.read(ByteRange::whole(opened.info.size_bytes)).await.unwrap();
        assert_eq!(body.collect(1 << 20).await.unwrap().len() as u64, opened.info.size_bytes);
    }

    async fn list(&self, page: u32, delimiter: Option<&str>) {
        let after = Some(Position::Key(format!("folder-{:03}/", page % 80)));
        let delimiter = delimiter.map(str::to_owned);
        let options = ListObjects { prefix: String::new(), delimiter, after, limit: 1000 };
        assert!(!self.store.list(&self.cx, &self.bucket, options).await.unwrap().entries.is_empty());
    }

    async fn list_versions(&self, page: u32) {
        let after = Some(Position::Key(format!("folder-{:03}/", page % 80)));
        let options = ListVersions { after, limit: 1000, ..ListVersions::default() };
        assert_eq!(
            self.store.list_versions(&self.cx, &self.bucket, options).await.unwrap().entries.len(),
            1000
        );
    }
}

/// Time on the CPU since the thread began, in nanoseconds; none where the system does not tell.
fn on_cpu_nanos() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok()
}

async fn timed(what: &str, times: u32, mut run: impl AsyncFnMut(u32)) {
    let (begun, on_cpu) = (Instant::now(), on_cpu_nanos());
    for round in 0..times {
        run(round).await;
    }
    let wall_nanos = begun.elapsed().as_nanos() as f64;
    let cpu_nanos = on_cpu_nanos().zip(on_cpu).map_or(wall_nanos, |(after, before)| (after - before) as f64);
    println!("{what:<44} {:>9.2} us of CPU", cpu_nanos / 1e3 / f64::from(times));
}

async fn listings(measured: &Measured) {
    timed("a page of 1,000", PAGES, async |page| measured.list(page, None).await).await;
    timed("a page folded to 100 prefixes", PAGES, async |page| measured.list(page, Some("/")).await).await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut measured = Measured::new().await;
    for number in 0..KEYS {
        measured.put(number, 100).await;
    }
    println!("{KEYS} keys");
    timed("put 4 KiB", ROUNDS, async |round| measured.put(round.into(), 4096).await).await;
    timed("get 4 KiB", ROUNDS, async |round| measured.get(round.into()).await).await;
    listings(&measured).await;
    let update = BucketUpdate::Versioning(Versioning::Enabled);
    measured.bucket = measured.store.update_bucket(&measured.cx, &measured.bucket, update).await.unwrap();
    for _ in 0..5 {
        for number in 0..KEYS {
            measured.put(number, 100).await;
        }
    }
    println!("{KEYS} keys, {} noncurrent versions", 5 * KEYS);
    listings(&measured).await;
    timed("a page of 1,000 versions", PAGES, async |page| measured.list_versions(page).await).await;
}
