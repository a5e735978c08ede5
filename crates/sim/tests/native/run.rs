use rustix::io::Errno;
use sim::{Call, Event, Fault, History, SimDisk, SimMeta, SimRandom, Tree};

use crate::check::check;
use crate::model::{Outcome, State};
use crate::process::Process;
use crate::workload::{Step, any_step};

/// What a run of a workload left.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) history: History,
    /// The state before the first step, and after each.
    states: Vec<State>,
}

/// A world while a workload runs in it.
struct World {
    disk: SimDisk,
    meta: SimMeta,
    process: Process,
    states: Vec<State>,
}

impl Run {
    /// Runs these steps, none of which may fail.
    pub(crate) async fn of(workload: Vec<Step>) -> Self {
        let mut world = World::new(7).await;
        for step in workload {
            let outcome = world.take(&step).await;
            world.end_step(&step, Some(outcome.unwrap_or_else(|error| panic!("{step:?}: {error}"))));
        }
        world.end("the workload".to_owned()).await
    }

    /// Runs as many steps as chance picks, the device failing in some of them. A step that fails has changed nothing.
    pub(crate) async fn by_chance(seed: u64, steps: usize) -> Self {
        let chance = SimRandom::new(seed);
        let mut world = World::new(seed).await;
        for number in 0..steps {
            let step = any_step(world.state(), number, &chance);
            let fails = chance.below(5) == 0;
            if fails {
                world.disk.inject(any_fault(&chance));
            }
            let outcome = world.take(&step).await;
            world.disk.heal();
            match outcome {
                Ok(outcome) => world.end_step(&step, Some(outcome)),
                Err(_) if fails => world.end_step(&step, None),
                Err(error) => panic!("seed {seed}, step {number}, {step:?}: {error}"),
            }
        }
        world.end(format!("seed {seed}")).await
    }

    /// The states that a cut may leave: all acknowledged steps, and perhaps the one on its way.
    pub(crate) fn allowed(&self, at: usize) -> Vec<&State> {
        let done = self.history.acknowledged(at).count();
        self.states.iter().skip(done).take(2).collect()
    }
}

impl World {
    async fn new(seed: u64) -> Self {
        let disk = SimDisk::new(Tree::default(), seed);
        let meta = SimMeta::new(disk.clone(), &[]).await.expect("an empty store opens");
        let process = Process::start_on(&disk, meta.clone(), seed).await;
        Self { disk, meta, process, states: vec![State::default()] }
    }

    fn state(&self) -> &State {
        self.states.last().expect("there is the first one")
    }

    /// The number of the next step.
    fn number(&self) -> usize {
        self.states.len() - 1
    }

    async fn take(&mut self, step: &Step) -> Result<Outcome, store::StoreError> {
        if matches!(step, Step::Restart) {
            self.disk.heal();
            self.process = Process::start_on(&self.disk, self.meta.clone(), self.number() as u64).await;
        }
        self.process.take(self.number(), step, self.state()).await
    }

    /// The step was answered so, or with an error.
    fn end_step(&mut self, step: &Step, outcome: Option<Outcome>) {
        let number = self.number();
        let state = self.state();
        let next = outcome.map_or_else(|| state.clone(), |outcome| state.after(number, step, &outcome));
        self.states.push(next);
        self.disk.note(Event::Acknowledged(number));
    }

    /// The model must tell the truth without any cut. A new process looks: it finds what a failing device did not let
    /// the last one remove.
    async fn end(self, name: String) -> Run {
        let history = self.disk.history();
        let process = Process::start_on(&self.disk, self.meta.clone(), 77).await;
        if let Err(broken) = check(&process, &[self.state()]).await {
            panic!("{name}: {broken}");
        }
        Run { name, history, states: self.states }
    }
}

/// One of the ways in which a device fails.
fn any_fault(chance: &SimRandom) -> Fault {
    const CALLS: [Call; 9] = [
        Call::Create,
        Call::Write,
        Call::SyncFile,
        Call::SyncDirectory,
        Call::Remove,
        Call::CreateDirectory,
        Call::Rename,
        Call::List,
        Call::Open,
    ];
    const ERRORS: [Errno; 4] = [Errno::NOSPC, Errno::IO, Errno::MFILE, Errno::DQUOT];
    let call = CALLS[chance.below(CALLS.len() as u64) as usize];
    let errno = ERRORS[chance.below(ERRORS.len() as u64) as usize];
    match chance.below(4) {
        0 => Fault::ReadOnly,
        1 => Fault::Always { call, errno },
        _ => Fault::Once { call, nth: chance.below(3) as usize, errno },
    }
}

/// Runs on one thread and one blocking thread, so that what happens repeats with the seed.
pub(crate) fn alone(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().expect("a runtime");
    runtime.block_on(test);
}
