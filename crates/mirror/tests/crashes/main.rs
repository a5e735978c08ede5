//! The process ends at every step of every kind of write, one after the other: before and after each call of a target and
//! each commit of the journal. Opened again, the mirror makes all targets alike, and what was acknowledged is there.

#![allow(clippy::unwrap_used, reason = "a world that goes on after this has told nothing")]
#![allow(dead_code, reason = "the simulation uses more of what it shares")]

#[path = "../simulation/body.rs"]
mod body;
#[path = "../simulation/clock.rs"]
mod clock;
mod compare;
#[path = "../simulation/faults.rs"]
mod faults;
#[path = "../simulation/journal.rs"]
mod journal;
#[path = "../simulation/life.rs"]
mod life;
#[path = "../simulation/target.rs"]
mod target;
mod work;
mod world;

use mirror::WritePolicy;
use store::Versioning;

use crate::work::Work;
use crate::world::{Nature, World};

/// More steps than any of the writes takes.
const STEPS_MAX: i64 = 400;

/// Plays a write with the process ending at its first step, at its second, and so on until it comes through.
fn every_step_of(work: Work) {
    for nature in natures() {
        let mut came_through = false;
        for steps in 1..STEPS_MAX {
            if play(nature, work, steps) {
                came_through = true;
                break;
            }
        }
        assert!(came_through, "{work:?} takes more than {STEPS_MAX} steps");
    }
}

fn natures() -> impl Iterator<Item = Nature> {
    let policies = [WritePolicy::All, WritePolicy::Any];
    let modes = [Versioning::Off, Versioning::Enabled, Versioning::Suspended];
    policies.into_iter().flat_map(move |write| modes.map(|versioning| Nature { write, versioning }))
}

/// One world, one end of the process. Tells whether the write was acknowledged before it.
fn play(nature: Nature, work: Work, steps: i64) -> bool {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(nature);
        let before = world.prepared().await;
        let life = life::Life::of(steps);
        let acknowledged = world.work(&life, work).await;
        life.end();
        let what = format!("{work:?} in {nature:?}, ended at step {steps}");
        let after = world.recovered(&what).await;
        let expected = world.expected(&before, work).await;
        if acknowledged {
            assert_eq!(after, expected, "{what}: acknowledged and not there");
        } else {
            assert!(after == before || after == expected, "{what}: neither before nor after: {after:#?}");
        }
        acknowledged
    })
}

macro_rules! every_step {
    ($($name:ident $work:ident)*) => {
        $(
            #[test]
            fn $name() {
                every_step_of(Work::$work);
            }
        )*
    };
}

every_step! {
    of_a_put Put
    of_a_put_of_many_frames PutLarge
    of_an_overwrite Overwrite
    of_an_overwrite_with_the_same_bytes OverwriteAlike
    of_a_delete Delete
    of_a_delete_of_nothing DeleteNothing
    of_a_copy Copy
    of_new_tags Tag
    of_a_completed_upload Complete
    of_an_aborted_upload Abort
}
