//! Opening a directory: what is in it is known again from the index alone.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::sync::Arc;

use super::fs::{Directory, File, Holes};
use super::index::Slot;
use super::journal::{INDEX_NAME, Journal, NEW_INDEX_NAME};
use super::layout::{Extent, PAGE_BYTES};
use super::options::DiskOptions;
use super::probe::PROBE_NAME;
use super::record::{Header, RECORD_BYTES, Record};
use super::segments::{Segment, segment_name, segment_number};
use super::state::State;

/// How much of the index is read at a time, in bytes.
const READ_BYTES: usize = RECORD_BYTES * 32_768;
/// Bytes that a file may take beyond its blocks without its holes being looked after: the file system's own notes.
const SLACK_BYTES: u64 = 64 * 1024;
const SLACK_SHARE: u64 = 64;

/// Why a directory could not be opened.
pub(super) enum LoadError {
    Io(io::Error),
    UnknownVersion(u32),
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What was found.
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) journal: Journal,
}

/// Reads the index and looks at the size of every file; no block is read.
pub(super) fn load(directory: &dyn Directory, options: &DiskOptions) -> Result<Loaded, LoadError> {
    let names = directory.list()?;
    for name in names.iter().filter(|name| [NEW_INDEX_NAME, PROBE_NAME].contains(&name.as_str())) {
        directory.remove(name)?;
    }
    let mut state = State::new(options);
    let index = read_index(directory, &mut state)?;
    let dropped = adopt_segments(directory, &names, &mut state)?;
    let journal = match index {
        Found { file: Some(file), length_bytes, is_damaged: false }
            if dropped == 0 && erase_behind(&*file, length_bytes).is_ok() =>
        {
            file.sync()?;
            Journal::new(Some(file), length_bytes)
        }
        _ => {
            // What the index on disk says beyond what was taken in would be back after a power cut.
            state.unsynced.add_unknown();
            Journal::new(None, 0)
        }
    };
    state.room.free_bytes = directory.free_bytes()?;
    Ok(Loaded { state, journal })
}

/// The index on disk as it was found.
struct Found {
    file: Option<Arc<dyn File>>,
    length_bytes: u64,
    is_damaged: bool,
}

fn read_index(directory: &dyn Directory, state: &mut State) -> Result<Found, LoadError> {
    let none = Found { file: None, length_bytes: 0, is_damaged: true };
    let file = match directory.open(INDEX_NAME) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(none),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = vec![0; READ_BYTES];
    let mut found = Found { file: Some(file.clone()), length_bytes: 0, is_damaged: false };
    loop {
        let read = file.read_at(found.length_bytes, &mut bytes)?;
        let (records, torn) = bytes[..read].as_chunks::<RECORD_BYTES>();
        let is_first = found.length_bytes == 0;
        if is_first {
            match records.first().map_or(Header::Damaged, Header::decode) {
                Header::Known => {}
                Header::Damaged => return Ok(none),
                Header::Unknown(version) => return Err(LoadError::UnknownVersion(version)),
            }
        }
        for record in &records[usize::from(is_first)..] {
            match Record::decode(record) {
                Some(record) => apply(state, record),
                None => found.is_damaged = true,
            }
        }
        found.length_bytes += (read - torn.len()) as u64;
        found.is_damaged |= !torn.is_empty();
        if read < READ_BYTES {
            state.room.index_bytes = found.length_bytes;
            return Ok(found);
        }
    }
}

/// Erases what lies behind the end of a file in its last page. A power cut may leave records there whose length did not last:
/// once the file has grown over them, the next one could bring them back in the place of those that were written since.
fn erase_behind(file: &dyn File, length_bytes: u64) -> io::Result<()> {
    let rest_bytes = (length_bytes.next_multiple_of(PAGE_BYTES) - length_bytes) as usize;
    let nothing = [0; PAGE_BYTES as usize];
    file.write_at(length_bytes, &[IoSlice::new(&nothing[..rest_bytes])])?;
    file.truncate(length_bytes)
}

fn apply(state: &mut State, record: Record) {
    let index = &mut state.index;
    match record {
        Record::Insert(kept, queue) => {
            if let Some(slot) = index.find(kept.hash) {
                index.remove(slot);
            }
            index.insert_into(kept.into(), queue);
        }
        Record::Promote(which) => {
            if let Some(slot) = index.find(which.hash)
                && index.entry_at(slot, which.place).is_some()
            {
                index.promote(slot);
            }
        }
        Record::Remove(which) => {
            if let Some(slot) = index.find(which.hash)
                && index.entry_at(slot, which.place).is_some()
            {
                index.remove(slot);
            }
        }
    }
}

/// Takes in the files of blocks, and gives back what no block needs of them; how many blocks are not there.
fn adopt_segments(directory: &dyn Directory, names: &[String], state: &mut State) -> io::Result<usize> {
    let mut by_segment: HashMap<u32, Vec<(Slot, Extent)>> = HashMap::new();
    for slot in 0..state.index.slots_end() {
        if let Some(entry) = state.index.entry(slot) {
            by_segment.entry(entry.extent().place.segment).or_default().push((slot, entry.extent()));
        }
    }
    let mut dropped = 0;
    for number in names.iter().filter_map(|name| segment_number(name)) {
        let file = directory.open(&segment_name(number))?;
        let size_bytes = file.size_bytes()?;
        let (mut here, missing): (Vec<_>, Vec<_>) = by_segment
            .remove(&number)
            .unwrap_or_default()
            .into_iter()
            .partition(|(_, extent)| extent.footer_offset() + u64::from(extent.footer) <= size_bytes);
        dropped += drop_all(state, missing);
        here.sort_unstable_by_key(|(_, extent)| extent.place);
        if here.is_empty() {
            file.truncate(0)?;
            directory.remove(&segment_name(number))?;
        } else {
            let segment = adopted(file, &here, state)?;
            state.segments.adopt(number, segment);
        }
    }
    Ok(dropped + by_segment.into_values().map(|missing| drop_all(state, missing)).sum::<usize>())
}

fn drop_all(state: &mut State, blocks: Vec<(Slot, Extent)>) -> usize {
    blocks.iter().filter(|(slot, _)| state.index.remove(*slot).is_some()).count()
}

/// A file of blocks, which are in the order of their places.
fn adopted(file: Arc<dyn File>, blocks: &[(Slot, Extent)], state: &mut State) -> io::Result<Segment> {
    let live_pages = blocks.iter().map(|(_, extent)| u64::from(extent.pages())).sum();
    let live_bytes = live_pages * PAGE_BYTES;
    if file.allocated_bytes()? > live_bytes + live_bytes / SLACK_SHARE + SLACK_BYTES {
        punch_gaps(&*file, blocks, state)?;
    }
    let held_pages = file.allocated_bytes()?.div_ceil(PAGE_BYTES).max(live_pages);
    Ok(Segment { file, end_page: u32::MAX, live_pages, held_pages })
}

/// Gives back what lies between blocks, before the first and behind the last: an earlier process was ended before it could.
fn punch_gaps(file: &dyn File, blocks: &[(Slot, Extent)], state: &mut State) -> io::Result<()> {
    let mut end = 0;
    for (_, extent) in blocks {
        let range = extent.range();
        if range.start > end && state.holes == Holes::Punched {
            state.holes = file.punch(end..range.start)?;
        }
        end = end.max(range.end);
    }
    if end < file.size_bytes()? { file.truncate(end) } else { Ok(()) }
}
