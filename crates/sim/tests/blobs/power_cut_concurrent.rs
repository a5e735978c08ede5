use std::sync::Arc;

use blob::{BlobId, BlobStore, WriteOptions};
use conformance::blob::bodies::{Script, pattern};
use parking_lot::Mutex;
use sim::{CutPlan, Event, SimDisk, Tree, survive};

use crate::recovery::{Expected, recover};
use crate::world::open;

const WRITERS: usize = 8;
const BLOBS_EACH: usize = 3;

/// Writers at once share their directory syncs; whatever their order was, each acknowledged blob survives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blobs_that_shared_a_sync_survive_every_cut() {
    let disk = SimDisk::new(Tree::default(), 11);
    let store = open(&disk).await;
    let written = Arc::new(Mutex::new(vec![None; WRITERS * BLOBS_EACH]));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (disk, store, written) = (disk.clone(), store.clone(), written.clone());
            tokio::spawn(async move {
                for number in (0..BLOBS_EACH).map(|blob| writer * BLOBS_EACH + blob) {
                    let bytes = pattern(number as u64, 9000 * number);
                    let body = Script::frames(&bytes, 50_000).with_pauses().into_body();
                    let blob = store.write(body, WriteOptions::default()).await.expect("it is stored");
                    written.lock()[number] = Some((blob.id, bytes));
                    disk.note(Event::Acknowledged(number));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("every writer completes");
    }
    let stats = store.stats();
    assert_eq!(stats.directory_sync_waiters.get(), (WRITERS * BLOBS_EACH) as u64);

    let written: Vec<(BlobId, _)> = written.lock().iter().flatten().cloned().collect();
    assert_eq!(written.len(), WRITERS * BLOBS_EACH);
    let history = disk.history();
    let plan = CutPlan { max_cuts: 400, torn_per_event: 2, ..CutPlan::default() };
    for cut in plan.cuts(&history) {
        let acknowledged = history.acknowledged(cut.at);
        let live = acknowledged.map(|number| written[number].clone()).collect();
        let expected = Expected { live, ..Expected::default() };
        let (tree, _) = survive(&history, cut);
        if let Err(broken) = recover(&SimDisk::new(tree, 1), &expected).await {
            panic!("{cut:?}: {broken}");
        }
    }
}
