//! Measures MD5 of one stream on one thread: what a PUT cannot cost less than.
//!
//! Knows: the digest that the server uses.
//! Does not know: the server.

#![allow(clippy::print_stdout, reason = "the figure is what the program is for")]

use hash::Md5;
use rustix::time::{ClockId, clock_gettime};

/// Bytes of one update, as frames have them.
const FRAME_BYTES: usize = 1024 * 1024;
/// Frames of one round: one GiB.
const FRAMES: usize = 1024;
const ROUNDS: usize = 3;

fn main() {
    let frame: Vec<u8> = (0..FRAME_BYTES).map(|place| (place * 31 % 251) as u8).collect();
    let mut millis: Vec<f64> = (0..ROUNDS).map(|_| round(&frame)).collect();
    millis.sort_by(f64::total_cmp);
    println!("{}", serde_json::json!({ "ms_per_gib": millis[ROUNDS / 2] }));
}

fn round(frame: &[u8]) -> f64 {
    let began = cpu_millis();
    let mut md5 = Md5::new();
    (0..FRAMES).for_each(|_| md5.update(frame));
    std::hint::black_box(md5.finish());
    cpu_millis() - began
}

/// CPU time of this process: others may share the machine.
fn cpu_millis() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}
