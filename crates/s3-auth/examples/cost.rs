//! Prints what verifying and signing cost: `cargo run --release -p s3-auth --example cost [-- WORD]`. With a word, only what
//! has it in its name.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints, and reads the time"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use iam::Principal;
use s3_auth::sign::Signer;
use s3_auth::{AccessKey, AuthSettings, Keyring, PayloadForm, Secret, Verifier};
use s3_wire::{Addressing, route};
use types::{Body, Timestamp};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const ROUNDS: u32 = 100_000;

fn main() {
    let secret = || Secret::new("a-secret-of-forty-characters-as-aws-has");
    let key = AccessKey::new("measured", secret(), Arc::new(Principal::root())).expect("a legal key");
    let verifier = Verifier::new(Arc::new(Keyring::new([key]).expect("one key")), AuthSettings::default());
    let signer = Signer::new("measured", secret(), "us-east-1", "s3");

    let mut header = get();
    let _ = signer.sign(&mut header, PayloadForm::of_bytes(b""), NOW);
    let mut presigned = get();
    presigned.uri = signer.presign(&presigned, Duration::from_secs(3600), NOW);
    let mut v2 = get();
    v2.uri = signer.presign_v2(&v2, None, NOW.plus(Duration::from_secs(3600)));
    for (name, parts) in [("header", &header), ("presigned", &presigned), ("presigned V2", &v2)] {
        let routed = route(parts, &Addressing::default()).expect("an S3 request");
        measure(&format!("verify {name}"), || {
            verifier.verify(black_box(parts), &routed, Body::empty(), NOW).expect("a valid signature");
        });
    }
    measure("sign header", || {
        let mut parts = get();
        let _ = signer.sign(black_box(&mut parts), PayloadForm::Unsigned, NOW);
    });
    measure("empty body alone", || drop(black_box(Body::empty())));
}

fn get() -> Parts {
    let request = http::Request::get("/bucket-of-some-name/photos/2026/11/21/picture-0001.jpg")
        .header("host", "localhost:9000")
        .header("user-agent", "a-client/1.0")
        .header("accept", "*/*");
    request.body(()).expect("a legal request").into_parts().0
}

/// Prints the fastest of five runs, which other work on the machine disturbed least.
fn measure(name: &str, mut work: impl FnMut()) {
    if std::env::args().nth(1).is_some_and(|word| !name.contains(&word)) {
        return;
    }
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begin = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        best = best.min(begin.elapsed());
    }
    println!("{name:>20}: {:>6} ns", best.as_nanos() / u128::from(ROUNDS));
}
