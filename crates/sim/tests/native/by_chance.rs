use sim::CutPlan;

use crate::power_cut::survives;
use crate::run::{Run, alone};

const STEPS: usize = 60;

/// Workloads that chance makes, with a device that fails now and then, and with the power cut.
fn replay_seeds(seeds: std::ops::Range<u64>) {
    alone(async {
        for seed in seeds {
            let run = Run::by_chance(seed, STEPS).await;
            let plan = CutPlan { seed, torn_per_event: 1, exhaustive_changes: 2, max_cuts: 60 };
            for cut in plan.cuts(&run.history) {
                survives(&run, cut).await;
            }
        }
    });
}

#[test]
fn workloads_by_chance_survive_faults_and_cuts() {
    replay_seeds(0..30);
}

#[test]
#[ignore = "takes minutes: part of the full test run"]
fn many_workloads_by_chance_survive_faults_and_cuts() {
    replay_seeds(30..1000);
}
