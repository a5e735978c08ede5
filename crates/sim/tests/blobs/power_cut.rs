use std::collections::BTreeSet;

use blob::{BlobId, BlobStore, FileBlobs, WriteOptions};
use conformance::blob::bodies::{Script, Step as BodyStep, pattern};
use sim::{Cut, CutPlan, Event, History, SimDisk, Tree, survive};
use types::BodyErrorKind;

use crate::recovery::{Expected, recover};
use crate::world::{alone, open};

const KIB: usize = 1024;

/// One step of a workload.
enum Step {
    /// Writes a blob of so many bytes.
    Put(usize),
    /// Removes the blob of an earlier step.
    Remove(usize),
    /// Writes so many bytes, then the body fails.
    Fail(usize),
    /// Ends the sweep.
    Settle,
    /// Ends the process and starts another.
    Restart,
}

/// Every kind of change, with sizes around a block and a batch, over three processes.
const WORKLOAD: &[Step] = &[
    Step::Put(700),
    Step::Put(0),
    Step::Put(64 * KIB + 1),
    Step::Fail(10),
    Step::Remove(0),
    Step::Put(1100 * KIB),
    Step::Restart,
    Step::Put(3000),
    Step::Fail(1200 * KIB),
    Step::Settle,
    Step::Remove(1),
    Step::Remove(2),
    Step::Remove(5),
    Step::Put(64 * KIB),
    Step::Restart,
    Step::Remove(7),
    Step::Settle,
    Step::Put(1),
];

/// What a run of the workload did: the blob of each step that wrote one.
struct Run {
    history: History,
    blobs: Vec<Option<BlobId>>,
}

async fn run(workload: &[Step]) -> Run {
    let disk = SimDisk::new(Tree::default(), 7);
    let mut store = open(&disk).await;
    let mut blobs: Vec<Option<BlobId>> = Vec::new();
    for (number, step) in workload.iter().enumerate() {
        let written = match step {
            Step::Put(size) => Some(put(&store, number, *size).await),
            Step::Remove(of) => {
                let id = blobs[*of].expect("the workload removes what it wrote");
                store.remove(id).await.expect("it can be removed");
                None
            }
            Step::Fail(size) => {
                let failing = Script::frames(&pattern(number as u64, *size), 256 * KIB);
                let failing = failing.then(BodyStep::Fail(BodyErrorKind::Incomplete));
                store.write(failing.into_body(), WriteOptions::default()).await.expect_err("the body fails");
                None
            }
            Step::Settle => {
                store.settle().await.expect("settling succeeds");
                None
            }
            Step::Restart => {
                store = open(&disk).await;
                None
            }
        };
        blobs.push(written);
        disk.note(Event::Acknowledged(number));
    }
    Run { history: disk.history(), blobs }
}

async fn put(store: &FileBlobs, number: usize, size: usize) -> BlobId {
    let body = Script::frames(&pattern(number as u64, size), 300 * KIB).into_body();
    let options = WriteOptions::of_size(size as u64);
    store.write(body, options).await.expect("a sound body is stored").id
}

impl Run {
    /// What must be there when the power went after the first `at` events.
    fn expected(&self, workload: &[Step], at: usize) -> Expected {
        let done: BTreeSet<usize> = self.history.acknowledged(at).collect();
        let mut expected = Expected::default();
        for (number, step) in workload.iter().enumerate() {
            match step {
                Step::Put(size) if done.contains(&number) => {
                    let id = self.blobs[number].expect("a put has a blob");
                    expected.live.insert(id, pattern(number as u64, *size));
                }
                Step::Remove(of) => {
                    let id = self.blobs[*of].expect("the workload removes what it wrote");
                    if done.contains(&number) {
                        expected.live.remove(&id);
                        expected.removed.insert(id);
                    } else {
                        expected.leaving.insert(id);
                    }
                }
                _ => {}
            }
        }
        expected
    }
}

async fn check(cut: Cut, history: &History, expected: &Expected) -> SimDisk {
    let (tree, _) = survive(history, cut);
    let disk = SimDisk::new(tree, cut.at as u64);
    if let Err(broken) = recover(&disk, expected).await {
        panic!("{cut:?}: {broken}\nafter {:#?}", &history.events[..cut.at].last());
    }
    disk
}

#[test]
fn every_acknowledged_blob_survives_every_cut() {
    alone(async {
        let run = run(WORKLOAD).await;
        let plan = CutPlan { max_cuts: 1500, ..CutPlan::default() };
        let cuts = plan.cuts(&run.history);
        assert!(cuts.len() > 500, "the workload makes {} cuts only", cuts.len());
        for cut in cuts {
            let expected = run.expected(WORKLOAD, cut.at);
            check(cut, &run.history, &expected).await;
        }
    });
}

/// What a failed write took back may stand on the device all the same; a sweep that does not see it must not settle it.
#[test]
fn a_file_taken_back_without_a_sync_does_not_outlive_the_sweep() {
    const TAKEN_BACK: &[Step] =
        &[Step::Put(100), Step::Fail(1200 * KIB), Step::Restart, Step::Settle, Step::Put(1)];
    alone(async {
        let run = run(TAKEN_BACK).await;
        let plan = CutPlan { torn_per_event: 30, ..CutPlan::default() };
        for cut in plan.cuts(&run.history) {
            check(cut, &run.history, &run.expected(TAKEN_BACK, cut.at)).await;
        }
    });
}

#[test]
fn a_cut_during_recovery_loses_nothing_either() {
    alone(async {
        let run = run(WORKLOAD).await;
        let first = CutPlan { seed: 3, torn_per_event: 1, exhaustive_changes: 0, max_cuts: 60 };
        for cut in first.cuts(&run.history) {
            let expected = run.expected(WORKLOAD, cut.at);
            let again = check(cut, &run.history, &expected).await.history();
            let second = CutPlan { seed: 5, torn_per_event: 1, exhaustive_changes: 2, max_cuts: 12 };
            for cut in second.cuts(&again) {
                check(cut, &again, &expected).await;
            }
        }
    });
}
