//! Measures what requests cost on paper: `cargo run --release -p s3-wire --example cost`.

use std::hint::black_box;
use std::time::Instant;

use http::Request;
use s3_model::{ListObjectsV2Input, ListObjectsV2Output, ListedEntry, ListedObject, Output};
use s3_wire::{Addressing, Scheme, decode, encode, route};
use types::{
    BucketName, CanonicalId, ChecksumAlgorithm, ChecksumKind, ETag, ObjectKey, Owner, StorageClass, Timestamp,
};

const BATCHES: u32 = 100;
const PRESIGNED: &str = "/bucket/some/key-0001?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121%2F\
    us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T123456Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&\
    X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

/// Runs batches and tells the median and the least, each for one run.
#[allow(clippy::print_stdout, reason = "printing is what this example is for")]
fn report(what: &str, batch: u32, mut run: impl FnMut()) {
    let mut times: Vec<_> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            (0..batch).for_each(|_| run());
            start.elapsed() / batch
        })
        .collect();
    times.sort_unstable();
    println!("{what}: median {:?}, least {:?}", times[times.len() / 2], times[0]);
}

fn page() -> ListObjectsV2Output {
    let entry = |number: u32| {
        ListedEntry::Object(ListedObject {
            key: ObjectKey::new(&format!("some/prefix/object-{number:08}.parquet")).expect("a short key"),
            etag: ETag::from_md5([number as u8; 16]),
            size_bytes: u64::from(number) * 1000,
            modified_at: Timestamp::from_secs(1_795_264_496 + u64::from(number)),
            storage_class: StorageClass::Standard,
            checksum: Some((ChecksumAlgorithm::Crc64Nvme, ChecksumKind::FullObject)),
        })
    };
    ListObjectsV2Output {
        bucket: BucketName::new("bucket").expect("a legal name"),
        request: ListObjectsV2Input {
            prefix: "some/prefix/".to_owned(),
            delimiter: None,
            start_after: None,
            continuation: None,
            continuation_token: None,
            max_keys: 1000,
            fetch_owner: true,
            encoding: Some(s3_model::EncodingType::Url),
        },
        owner: Owner { id: CanonicalId::from_text(&"a".repeat(64)), display_name: "owner".into() },
        entries: (0..1000).map(entry).collect(),
        is_truncated: true,
    }
}

fn main() {
    let addressing = Addressing::new(["s3.example.org".to_owned()]);
    let get =
        Request::get(PRESIGNED).header("host", "127.0.0.1:9000").body(()).expect("a request").into_parts().0;
    let put = Request::put("/bucket/some/key-0001?x-id=PutObject")
        .header("host", "127.0.0.1:9000")
        .header("content-length", "4096")
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        .header("x-amz-date", "20261121T123456Z")
        .header("x-amz-checksum-crc32", "AAAAAA==")
        .header("x-amz-sdk-checksum-algorithm", "CRC32")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/s3/aws4_request")
        .body(())
        .expect("a request")
        .into_parts()
        .0;
    for (name, parts) in [("GET presigned", &get), ("PUT", &put)] {
        let routed = route(parts, &addressing).expect("a route");
        report(&format!("{name}: route"), 2_000, || drop(black_box(route(parts, &addressing))));
        report(&format!("{name}: decode"), 2_000, || drop(black_box(decode(&routed, parts, None))));
    }
    let routed = route(&get, &addressing).expect("a route");
    let mut pages = (0..BATCHES).map(|_| page()).collect::<Vec<_>>().into_iter();
    report("page of 1,000 keys: encode", 1, || {
        if let Some(page) = pages.next() {
            drop(black_box(encode(Output::ListObjectsV2(Box::new(page)), &routed, Scheme::Http)));
        }
    });
}
