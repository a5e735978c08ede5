//! The request log tells every call once, and nothing that is secret.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use layers::{Fault, FaultOptions, RequestLog, StoreOperation as Op};
use store::{Layer, OpenOptions};
use support::{Client, Counting, SIZE, cx, key};
use tracing_subscriber::fmt::MakeWriter;
use types::ByteRange;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn all(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn of(&self, operation: &str) -> Vec<String> {
        let told = format!("operation=\"{operation}\"");
        self.all().into_iter().filter(|line| line.contains(&told)).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn listening() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn every_call_has_a_line() {
    let (lines, _listening) = listening();
    Client::behind(&RequestLog::new("far")).await.call_everything().await;
    for (_, name) in Op::ALL {
        let told = lines.of(name);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        for field in ["store=\"far\"", "outcome=\"done\"", "request_id=0000000000000000", " ms="] {
            assert!(told[0].contains(field), "{field}: {}", told[0]);
        }
        let is_all = name == "list_buckets";
        assert_eq!(told[0].contains("bucket="), !is_all, "{}", told[0]);
    }
    let bytes = format!(" bytes={SIZE} ");
    for name in ["put", "put_part", "read", "copy", "complete_upload"] {
        assert!(lines.of(name)[0].contains(&bytes), "{:?}", lines.of(name));
    }
    assert!(lines.of("put")[0].contains("bucket=\"bucket\" key=\"there\""), "{:?}", lines.of("put"));
}

#[tokio::test]
async fn what_fails_and_what_is_dropped_is_told() {
    let (lines, _listening) = listening();
    let faults = FaultOptions { cuts: 1.0, ..FaultOptions::default() };
    let fault = Fault::new(faults, Counting::from(1)).unwrap();
    let client =
        Client::over(support::native(), |below| RequestLog::new("far").wrap(fault.wrap(below))).await;
    let missing = client.store.head(&cx(), &client.bucket, &key("none"), OpenOptions::default()).await;
    missing.unwrap_err();
    assert!(
        lines.of("head")[0].contains("outcome=\"refused\" error=\"find object: no such key\""),
        "{:?}",
        lines.of("head")
    );
    let opened =
        client.store.open(&cx(), &client.bucket, &key("there"), OpenOptions::default()).await.unwrap();
    let body = opened.content.read(ByteRange::whole(SIZE as u64)).await.unwrap();
    assert!(lines.of("read").is_empty(), "a read is told when its body has ended");
    body.collect(SIZE).await.unwrap_err();
    assert!(lines.of("read")[0].contains("outcome=\"failed\""), "{:?}", lines.of("read"));
    drop(opened.content.read(ByteRange::whole(SIZE as u64)).await.unwrap());
    assert!(lines.of("read")[1].contains("outcome=\"dropped\""), "{:?}", lines.of("read"));
}

#[tokio::test]
async fn metadata_and_tags_are_not_told() {
    let (lines, _listening) = listening();
    let client = Client::behind(&RequestLog::new("far")).await;
    let mut options = store::PutOptions::default();
    options.metadata.user.push(("name".into(), "sesame".into()));
    options.metadata.tags = types::TagSet::new(vec![("tag".into(), "sesame".into())], 10).unwrap();
    client.store.put(&cx(), &client.bucket, &key("k"), support::body(5), options).await.unwrap();
    client.call_everything().await;
    assert!(lines.all().iter().all(|line| !line.contains("sesame")));
}
