use std::collections::HashMap;

use super::device::Role;
use super::recording::Event;

/// A sequence of numbers that a seed decides.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// What a cut leaves of the writes that were not synchronised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Nothing of them.
    Everything,
    /// All of them.
    Nothing,
    /// Of each sector of this size, any state that it went through: lost, reordered and torn.
    Sectors(usize),
}

/// What is on the device, for certain and perhaps.
#[derive(Debug, Default, Clone)]
pub(super) struct Image {
    database: File,
    log: File,
    journal: File,
}

#[derive(Debug, Default, Clone)]
struct File {
    current: Option<Generation>,
    /// A file of the same name that was removed, whose removal may not have reached the device.
    removed: Option<Generation>,
}

#[derive(Debug, Default, Clone)]
struct Generation {
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// Whether its directory entry is durable.
    is_named: bool,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Truncate(usize),
}

impl Image {
    /// Takes one event of the recording in.
    pub(super) fn advance(&mut self, event: &Event) {
        match event {
            Event::Create(role) => self.file(*role).current = Some(Generation::default()),
            Event::Write { role, offset, data } => {
                self.change(*role, Change::Write { offset: *offset as usize, data: data.clone() });
            }
            Event::Truncate { role, size_bytes } => {
                self.change(*role, Change::Truncate(*size_bytes as usize))
            }
            Event::Sync(role) => {
                let names_directory = self.file(*role).sync() && *role != Role::Database;
                if names_directory {
                    self.sync_directory();
                }
            }
            Event::Delete { role, is_durable } => {
                let file = self.file(*role);
                file.removed = file.current.take().filter(|_| !is_durable);
            }
            // Making a database ends with the synchronisation of its directory.
            Event::Opened => self.sync_directory(),
            Event::Asked { .. } | Event::Acknowledged { .. } => {}
        }
    }

    /// The files as a cut at this moment may leave them.
    pub(super) fn cut(&self, loss: Loss, dice: &mut Dice) -> [(&'static str, Option<Vec<u8>>); 3] {
        let files = [("", &self.database), ("-wal", &self.log), ("-journal", &self.journal)];
        files.map(|(suffix, file)| (suffix, file.cut(loss, dice)))
    }

    fn file(&mut self, role: Role) -> &mut File {
        match role {
            Role::Database => &mut self.database,
            Role::Log => &mut self.log,
            Role::Journal => &mut self.journal,
        }
    }

    /// Makes names and removals durable. SQLite does so with the first synchronisation of a log or journal.
    fn sync_directory(&mut self) {
        for file in [&mut self.database, &mut self.log, &mut self.journal] {
            file.removed = None;
            if let Some(current) = &mut file.current {
                current.is_named = true;
            }
        }
    }

    fn change(&mut self, role: Role, change: Change) {
        let current = &mut self.file(role).current;
        current.as_mut().expect("a file is made before it is written").pending.push(change);
    }
}

impl File {
    /// Whether the file's name was not yet known to be durable.
    fn sync(&mut self) -> bool {
        let Some(current) = &mut self.current else { return false };
        let mut durable = std::mem::take(&mut current.durable);
        current.pending.drain(..).for_each(|change| apply(&mut durable, &change));
        current.durable = durable;
        !current.is_named
    }

    fn cut(&self, loss: Loss, dice: &mut Dice) -> Option<Vec<u8>> {
        let is_certain = |generation: &&Generation| generation.is_named || loss == Loss::Nothing;
        let current = self.current.as_ref();
        let kept = current.filter(is_certain).or_else(|| current.filter(|_| dice.coin()));
        let removed = self.removed.as_ref().filter(|_| loss != Loss::Nothing && dice.coin());
        kept.or(removed).map(|generation| generation.cut(loss, dice))
    }
}

impl Generation {
    fn cut(&self, loss: Loss, dice: &mut Dice) -> Vec<u8> {
        let mut out = self.durable.clone();
        match loss {
            Loss::Everything => {}
            Loss::Nothing => self.pending.iter().for_each(|change| apply(&mut out, change)),
            Loss::Sectors(size) => self.tear(size, &mut out, dice),
        }
        out
    }

    /// Gives each sector one of the states that it went through since the last synchronisation.
    fn tear(&self, sector_bytes: usize, out: &mut Vec<u8>, dice: &mut Dice) {
        let filling = if dice.coin() { 0 } else { 0xA5 };
        let mut states: HashMap<usize, usize> = HashMap::new();
        for sector in self.pending.iter().flat_map(|change| change.sectors(sector_bytes)) {
            *states.entry(sector).or_default() += 1;
        }
        let mut sectors: Vec<_> = states.into_iter().collect();
        sectors.sort_unstable();
        let mut left: HashMap<usize, usize> = HashMap::new();
        for (sector, count) in sectors {
            let chosen = if dice.coin() { dice.below(2) * count } else { dice.below(count + 1) };
            left.insert(sector, chosen);
        }
        let mut live = self.durable.clone();
        for change in &self.pending {
            apply(&mut live, change);
            if let Change::Truncate(size) = change
                && dice.coin()
            {
                out.truncate(*size);
            }
            for sector in change.sectors(sector_bytes) {
                let left = left.entry(sector).or_default();
                *left = left.wrapping_sub(1);
                if *left == 0 {
                    let start = sector * sector_bytes;
                    let end = (start + sector_bytes).min(live.len());
                    if out.len() < end {
                        out.resize(end, filling);
                    }
                    out[start..end].copy_from_slice(&live[start..end]);
                }
            }
        }
        if out.len() < live.len() && dice.coin() {
            out.resize(live.len(), filling);
        }
    }
}

impl Change {
    fn sectors(&self, sector_bytes: usize) -> std::ops::Range<usize> {
        match self {
            Self::Write { offset, data } => {
                offset / sector_bytes..(offset + data.len()).div_ceil(sector_bytes)
            }
            Self::Truncate(_) => 0..0,
        }
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { offset, data } => {
            let end = offset + data.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*offset..end].copy_from_slice(data);
        }
        Change::Truncate(size) => content.resize(*size, 0),
    }
}
