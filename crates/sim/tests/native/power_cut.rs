use sim::{Cut, CutPlan, survive};

use crate::check::check;
use crate::process::Process;
use crate::run::{Run, alone};
use crate::workload::{Step, unversioned, versioned};

/// Starts on what a cut left: a client sees all acknowledged steps, and perhaps the one on its way.
pub(crate) async fn survives(run: &Run, cut: Cut) {
    let (tree, commits) = survive(&run.history, cut);
    let disk = sim::SimDisk::new(tree, cut.at as u64);
    let process = Process::start(&disk, &commits, 500 + cut.at as u64).await;
    if let Err(broken) = check(&process, &run.allowed(cut.at)).await {
        let last = run.history.events[..cut.at].last();
        panic!("{} {cut:?} after {last:?}: {broken}", run.name);
    }
}

fn replay(workload: Vec<Step>, plan: CutPlan) {
    alone(async {
        let run = Run::of(workload).await;
        let cuts = plan.cuts(&run.history);
        assert!(cuts.len() > run.history.events.len(), "{} cuts only", cuts.len());
        for cut in cuts {
            survives(&run, cut).await;
        }
    });
}

#[test]
fn every_acknowledged_change_survives_every_cut() {
    replay(unversioned(), CutPlan { max_cuts: 1500, ..CutPlan::default() });
}

#[test]
fn every_acknowledged_version_survives_every_cut() {
    replay(versioned(), CutPlan { max_cuts: 1000, ..CutPlan::default() });
}
