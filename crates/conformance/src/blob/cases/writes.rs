use blob::WriteOptions;
use types::{Body, Checksum, ChecksumAlgorithm};

use super::{BLOCK, KIB, MIB, assert_holds, put, put_body};
use crate::blob::BlobWorld;
use crate::blob::bodies::{Script, Step, pattern};

const SIZES: [usize; 13] = [
    0,
    1,
    4095,
    4096,
    BLOCK - 1,
    BLOCK,
    BLOCK + 1,
    3 * BLOCK,
    MIB - 1,
    MIB,
    MIB + 1,
    MIB + 7,
    3 * MIB + BLOCK + 13,
];

/// What is written is read, at every size around a block and a frame, also after reopening.
pub async fn round_trips_every_size(world: &impl BlobWorld) {
    let mut written = Vec::new();
    let store = world.open().await;
    for (seed, size) in SIZES.into_iter().enumerate() {
        let bytes = pattern(seed as u64, size);
        let id = put(&store, &bytes).await;
        assert_holds(&store, id, &bytes).await;
        written.push((id, bytes));
    }
    drop(store);
    let store = world.open().await;
    for (id, bytes) in &written {
        assert_holds(&store, *id, bytes).await;
    }
}

/// How a body is cut into frames, and whether it makes the writer wait, changes nothing.
pub async fn round_trips_every_framing(world: &impl BlobWorld) {
    let store = world.open().await;
    let bytes = pattern(1, 2 * MIB + BLOCK + 3);
    for frame_bytes in [997, 8 * KIB, BLOCK - 1, BLOCK, BLOCK + 1, 300 * KIB, MIB, 4 * MIB] {
        for paused in [false, true] {
            let script = Script::frames(&bytes, frame_bytes);
            let script = if paused { script.with_pauses() } else { script };
            let options =
                WriteOptions { size_bytes: paused.then_some(bytes.len() as u64), ..WriteOptions::default() };
            let id = put_body(&store, script.into_body(), options, bytes.len()).await;
            assert_holds(&store, id, &bytes).await;
        }
    }
}

/// Trailers are not part of the bytes.
pub async fn passes_over_trailers(world: &impl BlobWorld) {
    let store = world.open().await;
    let checksum = Checksum::full(ChecksumAlgorithm::Crc32, &[1, 2, 3, 4]).expect("a CRC-32 has four bytes");
    for size in [0, 5, BLOCK] {
        let bytes = pattern(9, size);
        let script = Script::frames(&bytes, BLOCK).then(Step::Trailer(checksum));
        let id = put_body(&store, script.into_body(), WriteOptions::default(), size).await;
        assert_holds(&store, id, &bytes).await;
    }
}

/// A writer that waits for a slow sender does not hold up others, and completes when the sender goes on.
pub async fn waits_for_a_stalled_body(world: &impl BlobWorld) {
    let store = world.open().await;
    let bytes = pattern(2, 2 * MIB);
    let (go_on, wait) = tokio::sync::oneshot::channel();
    let slow = tokio::spawn({
        let (store, bytes) = (store.clone(), bytes.clone());
        async move {
            let gated = Gated { wait: Some(wait), script: Some(Script::frames(&bytes, 100 * KIB)) };
            put_body(&store, Body::new(gated, None), WriteOptions::default(), bytes.len()).await
        }
    });
    let other = pattern(3, MIB);
    let quick = put(&store, &other).await;
    assert_holds(&store, quick, &other).await;
    go_on.send(()).expect("the slow writer still waits");
    let id = slow.await.expect("the slow writer completes");
    assert_holds(&store, id, &bytes).await;
}

/// A hint that is too small, too large or absent changes nothing.
pub async fn takes_wrong_hints(world: &impl BlobWorld) {
    let store = world.open().await;
    for size in [0, 1, BLOCK, 2 * MIB + 9] {
        let bytes = pattern(4, size);
        let real = size as u64;
        for hint in [None, Some(0), Some(1), Some(real.saturating_sub(1)), Some(real + 1), Some(8 * real)] {
            let body = Script::frames(&bytes, 200 * KIB).into_body();
            let id =
                put_body(&store, body, WriteOptions { size_bytes: hint, ..WriteOptions::default() }, size)
                    .await;
            assert_holds(&store, id, &bytes).await;
        }
    }
}

/// Writers at work at the same time get their own ids and their own bytes.
pub async fn concurrent_writers_do_not_mix(world: &impl BlobWorld) {
    const WRITERS: usize = 24;
    let store = world.open().await;
    let tasks: Vec<_> = (0..WRITERS)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let bytes = pattern(number as u64 + 100, 10 + number * 40 * KIB);
                let body = Script::frames(&bytes, 16 * KIB + number).with_pauses().into_body();
                (put_body(&store, body, WriteOptions::default(), bytes.len()).await, bytes)
            })
        })
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    for task in tasks {
        let (id, bytes) = task.await.expect("every writer completes");
        assert!(seen.insert(id), "blob {id} was issued twice");
        assert_holds(&store, id, &bytes).await;
    }
}

/// A body that begins when a channel says so.
struct Gated {
    wait: Option<tokio::sync::oneshot::Receiver<()>>,
    script: Option<Script>,
}

impl types::BodyStream for Gated {
    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<types::Frame, types::BodyError>>> {
        if let Some(wait) = &mut self.wait {
            std::task::ready!(std::pin::Pin::new(wait).poll(cx)).expect("the sender lives");
            self.wait = None;
        }
        let script = self.script.as_mut().expect("the script is there");
        std::pin::Pin::new(script).poll_frame(cx)
    }
}
