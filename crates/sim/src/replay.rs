use std::collections::HashSet;

use meta::Commit;

use crate::cut::at_risk;
use crate::{Cut, Event, Fate, History, Kind, SimRandom, Tree};

/// What a power cut leaves: the tree of files, and the metadata commits in their order.
#[must_use]
pub fn survive(history: &History, cut: Cut) -> (Tree, Vec<Commit>) {
    let risky: Vec<usize> = at_risk(history, cut.at).collect();
    let risky_set: HashSet<usize> = risky.iter().copied().collect();
    let mut survivor = Survivor {
        tree: history.base.clone(),
        commits: Vec::new(),
        random: SimRandom::new(match cut.fate {
            Fate::Torn { seed, .. } => seed,
            _ => 0,
        }),
    };
    // Nodes exist whether or not a name of theirs survives: writes to them need somewhere to go.
    for kind in node_kinds(history, cut.at) {
        survivor.tree.add(kind);
    }
    for (place, event) in history.events[..cut.at].iter().enumerate() {
        if !risky_set.contains(&place) {
            if !refused(history, place) {
                survivor.apply(event);
            }
            continue;
        }
        let from_last = risky.len() - 1 - risky.partition_point(|other| *other < place);
        match cut.fate {
            Fate::AllLost => {}
            Fate::AllKept => survivor.apply(event),
            Fate::Chosen(bits) if from_last < 64 && bits >> from_last & 1 == 1 => survivor.apply(event),
            Fate::Chosen(_) => {}
            Fate::Torn { sector_bytes, .. } => survivor.tear(event, sector_bytes),
        }
    }
    (survivor.tree, survivor.commits)
}

/// Whether the commit that began at `place` is refused later on, be it after the cut: the engine never wrote it.
pub(crate) fn refused(history: &History, place: usize) -> bool {
    matches!(history.events[place], Event::CommitBegun(_))
        && history.events[place..]
            .iter()
            .find(|event| matches!(event, Event::CommitDone | Event::CommitRefused))
            .is_some_and(|event| matches!(event, Event::CommitRefused))
}

/// What the nodes are that were linked, in order of their numbers.
fn node_kinds(history: &History, at: usize) -> impl Iterator<Item = Kind> + '_ {
    history.events[..at].iter().filter_map(|event| match event {
        Event::Link { kind, .. } => Some(*kind),
        _ => None,
    })
}

struct Survivor {
    tree: Tree,
    commits: Vec<Commit>,
    random: SimRandom,
}

impl Survivor {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::Write { file, offset, bytes } => self.tree.write(*file, *offset, bytes),
            Event::Truncate { file, size_bytes } => {
                self.tree.file_mut(*file).resize(*size_bytes as usize, 0);
            }
            Event::Link { directory, name, node, .. } => {
                self.entries(*directory).insert(name.clone(), *node);
            }
            Event::Unlink { directory, name } => {
                self.entries(*directory).remove(name);
            }
            Event::Rename { directory, from, to, node } => {
                let entries = self.entries(*directory);
                entries.remove(from);
                entries.insert(to.clone(), *node);
            }
            Event::CommitBegun(commit) => self.commits.push(commit.clone()),
            Event::SyncFile(_)
            | Event::SyncDirectory(_)
            | Event::CommitDone
            | Event::CommitRefused
            | Event::Acknowledged(_) => {}
        }
    }

    /// Applies what chance leaves of a change. Only a write can be left in part.
    fn tear(&mut self, event: &Event, sector_bytes: usize) {
        let Event::Write { file, offset, bytes } = event else {
            if self.random.coin() {
                self.apply(event);
            }
            return;
        };
        match self.random.below(4) {
            0 => {}
            1 => self.apply(event),
            _ => {
                // The size may have reached the device without the bytes.
                let end = *offset as usize + bytes.len();
                if self.random.coin() && self.tree.file(*file).len() < end {
                    self.tree.file_mut(*file).resize(end, 0);
                }
                let mut start = 0;
                while start < bytes.len() {
                    let position = *offset as usize + start;
                    let to_boundary = sector_bytes - position % sector_bytes;
                    let stop = (start + to_boundary).min(bytes.len());
                    if self.random.coin() {
                        self.tree.write(*file, position as u64, &bytes[start..stop]);
                    }
                    start = stop;
                }
            }
        }
    }

    fn entries(&mut self, directory: usize) -> &mut std::collections::BTreeMap<String, usize> {
        self.tree.entries_mut(directory).expect("names were recorded in directories only")
    }
}

#[cfg(test)]
mod tests;
