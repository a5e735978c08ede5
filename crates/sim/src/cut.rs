use crate::replay::refused;
use crate::{Event, History, SimRandom};

/// What becomes of the changes that were not durable when the power went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// None of them is there.
    AllLost,
    /// All of them are there.
    AllKept,
    /// The `n`th of them, counted from the last one back, is there when bit `n` is set.
    Chosen(u64),
    /// Chance decides of each, and of each sector of a write.
    Torn {
        /// The seed of that chance.
        seed: u64,
        /// Bytes that a device writes in one step.
        sector_bytes: usize,
    },
}

/// A power cut: after the first `at` events, with this fate for what was not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// How many events had happened.
    pub at: usize,
    /// What became of the rest.
    pub fate: Fate,
}

/// Which cuts to try.
#[derive(Debug, Clone, Copy)]
pub struct CutPlan {
    /// Where chance begins.
    pub seed: u64,
    /// How many torn outcomes to try at each event, half of them of sectors of 512 bytes and half of 4,096.
    pub torn_per_event: usize,
    /// Up to how many changes at risk every subset of them is tried.
    pub exhaustive_changes: u32,
    /// The most cuts in all; where there would be more, chance picks.
    pub max_cuts: usize,
}

impl Default for CutPlan {
    fn default() -> Self {
        Self { seed: 1, torn_per_event: 4, exhaustive_changes: 5, max_cuts: 4000 }
    }
}

impl CutPlan {
    /// The cuts of a history, in order of events.
    #[must_use]
    pub fn cuts(&self, history: &History) -> Vec<Cut> {
        let random = SimRandom::new(self.seed);
        let mut cuts = Vec::new();
        for at in 0..=history.events.len() {
            let changes = at_risk(history, at).count() as u32;
            let fates = self.fates(changes, &random);
            cuts.extend(fates.into_iter().map(|fate| Cut { at, fate }));
        }
        while cuts.len() > self.max_cuts {
            cuts.remove(random.below(cuts.len() as u64) as usize);
        }
        cuts
    }

    fn fates(&self, changes: u32, random: &SimRandom) -> Vec<Fate> {
        if changes == 0 {
            return vec![Fate::AllLost];
        }
        let mut fates = vec![Fate::AllLost, Fate::AllKept];
        if changes <= self.exhaustive_changes {
            fates.extend((1..(1_u64 << changes) - 1).map(Fate::Chosen));
        }
        let torn = |number| Fate::Torn {
            seed: random.number(),
            sector_bytes: if number % 2 == 0 { 512 } else { 4096 },
        };
        fates.extend((0..self.torn_per_event).map(torn));
        fates
    }
}

/// The events before `at` whose effect need not be durable then, by place.
pub(crate) fn at_risk(history: &History, at: usize) -> impl DoubleEndedIterator<Item = usize> + '_ {
    let mut synced = std::collections::HashSet::new();
    let mut commit_settled = false;
    let mut places = Vec::new();
    for (place, event) in history.events[..at].iter().enumerate().rev() {
        match event {
            Event::SyncFile(node) | Event::SyncDirectory(node) => {
                synced.insert(*node);
            }
            Event::Write { file: node, .. }
            | Event::Truncate { file: node, .. }
            | Event::Link { directory: node, .. }
            | Event::Unlink { directory: node, .. }
            | Event::Rename { directory: node, .. } => {
                if !synced.contains(node) {
                    places.push(place);
                }
            }
            Event::CommitDone | Event::CommitRefused => commit_settled = true,
            Event::CommitBegun(_) => {
                if !std::mem::take(&mut commit_settled) && !refused(history, place) {
                    places.push(place);
                }
            }
            Event::Acknowledged(_) => {}
        }
    }
    places.into_iter().rev()
}
