use sim::{Cut, CutPlan, Event, History, SimDisk, SimMeta, Tree, survive};

use crate::check::check;
use crate::model::State;
use crate::process::Process;
use crate::workload::{Step, UNVERSIONED, VERSIONED};

/// What a run of a workload left: its history, and the state before the first step and after each.
struct Run {
    history: History,
    states: Vec<State>,
}

async fn run(workload: &[Step]) -> Run {
    let disk = SimDisk::new(Tree::default(), 7);
    let meta = SimMeta::new(disk.clone(), &[]).await.expect("an empty store opens");
    let mut process = Process::start_on(&disk, meta.clone(), 1).await;
    let mut states = vec![State::default()];
    for (number, step) in workload.iter().enumerate() {
        if matches!(step, Step::Restart) {
            process = Process::start_on(&disk, meta.clone(), number as u64).await;
        }
        let state = states.last().expect("there is the first one");
        let outcome = process.take(number, step, state).await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{step:?}: {error}"));
        states.push(state.after(number, step, &outcome));
        disk.note(Event::Acknowledged(number));
    }
    let end = states.last().expect("there is the first one");
    check(&process, &[end]).await.expect("the model tells the truth without any cut");
    let mut history = disk.history();
    let last = history.events.iter().rposition(|event| matches!(event, Event::Acknowledged(_)));
    history.events.truncate(last.expect("every step was acknowledged") + 1);
    Run { history, states }
}

impl Run {
    /// The states that a cut may leave: all acknowledged steps, and perhaps the one on its way.
    fn allowed(&self, at: usize) -> Vec<&State> {
        let done = self.history.acknowledged(at).count();
        self.states.iter().skip(done).take(2).collect()
    }
}

async fn survives(run: &Run, cut: Cut) {
    let (tree, commits) = survive(&run.history, cut);
    let disk = SimDisk::new(tree, cut.at as u64);
    let process = Process::start(&disk, &commits, 500 + cut.at as u64).await;
    if let Err(broken) = check(&process, &run.allowed(cut.at)).await {
        panic!("{cut:?} after {:?}: {broken}", run.history.events[..cut.at].last());
    }
}

/// Runs on one thread and one blocking thread, so that what happens repeats.
fn replay(workload: &[Step], plan: CutPlan) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().expect("a runtime");
    runtime.block_on(async {
        let run = run(workload).await;
        let cuts = plan.cuts(&run.history);
        assert!(cuts.len() > run.history.events.len(), "{} cuts only", cuts.len());
        for cut in cuts {
            survives(&run, cut).await;
        }
    });
}

#[test]
fn every_acknowledged_change_survives_every_cut() {
    replay(UNVERSIONED, CutPlan { max_cuts: 1500, ..CutPlan::default() });
}

#[test]
fn every_acknowledged_version_survives_every_cut() {
    replay(VERSIONED, CutPlan { max_cuts: 1000, ..CutPlan::default() });
}
