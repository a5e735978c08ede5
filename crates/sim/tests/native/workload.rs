use sim::SimRandom;

use crate::model::State;

/// One step of a workload.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    CreateBucket,
    EnableVersioning,
    /// Puts bytes that depend on the step's number.
    Put {
        key: &'static str,
        size: usize,
    },
    Copy {
        from: &'static str,
        to: &'static str,
    },
    Delete {
        key: &'static str,
    },
    /// Removes the oldest version of a key for good.
    DeleteOldest {
        key: &'static str,
    },
    CreateUpload {
        slot: usize,
        key: &'static str,
    },
    Part {
        slot: usize,
        part: u32,
        size: usize,
    },
    CopyPart {
        slot: usize,
        part: u32,
        from: &'static str,
    },
    Complete {
        slot: usize,
        parts: Vec<u32>,
    },
    Abort {
        slot: usize,
    },
    /// Runs the collector until it has nothing to do.
    Collect,
    /// Lets more than a day pass: epochs end, completed uploads are forgotten.
    Wait,
    /// Ends the process and starts another.
    Restart,
}

/// Small objects beside records and large ones as blobs: put, overwritten, copied, deleted, uploaded in parts.
pub(crate) fn unversioned() -> Vec<Step> {
    vec![
        Step::CreateBucket,
        Step::Put { key: "small", size: 100 },
        Step::Put { key: "large", size: 70_000 },
        Step::Put { key: "empty", size: 0 },
        Step::Copy { from: "large", to: "large-copy" },
        Step::Copy { from: "small", to: "small-copy" },
        Step::Put { key: "large", size: 3000 },
        Step::Collect,
        Step::Put { key: "small", size: 5000 },
        Step::Delete { key: "large-copy" },
        Step::CreateUpload { slot: 0, key: "parts" },
        Step::Part { slot: 0, part: 2, size: 6000 },
        Step::Part { slot: 0, part: 1, size: 8000 },
        Step::Part { slot: 0, part: 3, size: 10 },
        Step::Restart,
        Step::Part { slot: 0, part: 2, size: 7000 },
        Step::Collect,
        Step::Complete { slot: 0, parts: vec![1, 2] },
        Step::Collect,
        Step::CreateUpload { slot: 1, key: "parts" },
        Step::CopyPart { slot: 1, part: 1, from: "large" },
        Step::Part { slot: 1, part: 2, size: 4000 },
        Step::Delete { key: "large" },
        Step::Collect,
        Step::Complete { slot: 1, parts: vec![1, 2] },
        Step::CreateUpload { slot: 2, key: "never" },
        Step::Part { slot: 2, part: 1, size: 9000 },
        Step::Abort { slot: 2 },
        Step::Collect,
        Step::CreateUpload { slot: 3, key: "open" },
        Step::Part { slot: 3, part: 7, size: 2500 },
        Step::Restart,
        Step::Copy { from: "parts", to: "parts-copy" },
        Step::Delete { key: "parts" },
        Step::Delete { key: "not there" },
        Step::Collect,
    ]
}

/// Versions, delete markers and their removal.
pub(crate) fn versioned() -> Vec<Step> {
    vec![
        Step::CreateBucket,
        Step::Put { key: "a", size: 4000 },
        Step::EnableVersioning,
        Step::Put { key: "a", size: 5000 },
        Step::Put { key: "a", size: 20 },
        Step::Delete { key: "a" },
        Step::Put { key: "b", size: 3000 },
        Step::Copy { from: "b", to: "a" },
        Step::Restart,
        Step::DeleteOldest { key: "a" },
        Step::Collect,
        Step::Delete { key: "b" },
        Step::DeleteOldest { key: "b" },
        Step::DeleteOldest { key: "a" },
        Step::Collect,
        Step::Put { key: "b", size: 2001 },
        Step::DeleteOldest { key: "b" },
    ]
}

const KEYS: [&str; 4] = ["a", "a/b", "a//", "z"];
const SIZES: [usize; 6] = [0, 50, 2000, 2001, 66_000, 140_000];
/// Parts have at least this size, so that any of them may be the last or not.
const PART_SIZES: [usize; 3] = [1000, 2500, 70_000];
const UPLOADS_OPEN_MAX: usize = 3;

/// A step that is possible in this state.
pub(crate) fn any_step(state: &State, number: usize, chance: &SimRandom) -> Step {
    if !state.bucket {
        return Step::CreateBucket;
    }
    loop {
        if let Some(step) = attempt(state, number, chance) {
            return step;
        }
    }
}

/// A step of a kind that chance picks, where that kind is possible.
fn attempt(state: &State, number: usize, chance: &SimRandom) -> Option<Step> {
    let key = *pick(&KEYS, chance)?;
    let slots: Vec<usize> = state.open_uploads().collect();
    let live: Vec<&'static str> = KEYS.into_iter().filter(|key| state.is_live(key)).collect();
    match chance.below(21) {
        0 => Some(Step::EnableVersioning),
        1..5 => Some(Step::Put { key, size: *pick(&SIZES, chance)? }),
        5..7 => Some(Step::Copy { from: pick(&live, chance)?, to: key }),
        7..9 => Some(Step::Delete { key }),
        9 => state.has_versions(key).then_some(Step::DeleteOldest { key }),
        10 => (slots.len() < UPLOADS_OPEN_MAX).then_some(Step::CreateUpload { slot: number, key }),
        11..14 => {
            let part = chance.below(3) as u32 + 1;
            Some(Step::Part { slot: *pick(&slots, chance)?, part, size: *pick(&PART_SIZES, chance)? })
        }
        14 => {
            let from = *pick(&live, chance)?;
            let large = state.current_size(from) >= PART_SIZES[0];
            large.then_some(Step::CopyPart { slot: *pick(&slots, chance)?, part: 2, from })
        }
        15..17 => {
            let slot = *pick(&slots, chance)?;
            let parts: Vec<u32> = state.parts_of(slot).filter(|_| chance.below(4) > 0).collect();
            (!parts.is_empty()).then_some(Step::Complete { slot, parts })
        }
        17 => Some(Step::Abort { slot: *pick(&slots, chance)? }),
        18 => Some(Step::Collect),
        19 => Some(Step::Wait),
        _ => Some(Step::Restart),
    }
}

fn pick<'a, T>(from: &'a [T], chance: &SimRandom) -> Option<&'a T> {
    if from.is_empty() { None } else { from.get(chance.below(from.len() as u64) as usize) }
}
