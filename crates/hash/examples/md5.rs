//! How long one thread needs for the digests of a put, in seconds a GiB: MD5 alone, and MD5 with CRC64NVME as a put does.
#![allow(clippy::print_stdout, reason = "a measurement prints")]

use std::task::{Context, Waker};
use std::time::Instant;

use bytes::Bytes;
use hash::{DigestStage, Md5};
use types::ChecksumAlgorithm;

const TOTAL_BYTES: usize = 1 << 30;
const FRAME_BYTES: usize = 1 << 20;

fn main() {
    let frame = Bytes::from(vec![7; FRAME_BYTES]);
    let rounds = TOTAL_BYTES / FRAME_BYTES;
    let begin = Instant::now();
    let mut md5 = Md5::new();
    (0..rounds).for_each(|_| md5.update(&frame));
    std::hint::black_box(md5.finish());
    println!("md5_seconds_per_gib {:.3}", begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let mut stage = DigestStage::new(ChecksumAlgorithm::Crc64Nvme);
    let mut cx = Context::from_waker(Waker::noop());
    (0..rounds).for_each(|_| assert!(stage.poll_absorb(&frame, &mut cx).is_ready()));
    std::hint::black_box(stage.finish());
    println!("md5_and_crc64nvme_seconds_per_gib {:.3}", begin.elapsed().as_secs_f64());
}
