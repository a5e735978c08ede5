use std::collections::HashMap;
use std::sync::Arc;

use super::fs::File;
use super::layout::{Extent, PAGE_BYTES, Place};

/// A full cache has about as many segments.
const SEGMENTS_USUAL: u64 = 64;
/// The most segments, and so open files; past it the one with the fewest blocks is given up.
pub(super) const SEGMENTS_MAX: usize = 256;
/// Bounds of a segment's size, in bytes.
const SEGMENT_MIN_BYTES: u64 = 64 * 1024;
const SEGMENT_MAX_BYTES: u64 = 4 << 40;
/// The highest number that a segment's file may bear; files of higher numbers are not ours.
const NUMBER_MAX: u32 = i32::MAX as u32;

const NAME_PREFIX: &str = "segment-";

/// A file of blocks, one behind the other.
pub(super) struct Segment {
    pub(super) file: Arc<dyn File>,
    /// Pages given out to blocks so far; the next block begins here.
    pub(super) end_page: u32,
    /// Pages of blocks that can be read or are being written.
    pub(super) live_pages: u64,
    /// Pages that the file takes, or will when what is being written is.
    pub(super) held_pages: u64,
}

/// All files of blocks.
pub(super) struct Segments {
    by_number: HashMap<u32, Segment>,
    active: Option<u32>,
    next: u32,
    segment_pages: u64,
    held_pages: u64,
    live_pages: u64,
}

impl Segments {
    pub(super) fn new(ceiling_bytes: u64) -> Self {
        let bytes = (ceiling_bytes / SEGMENTS_USUAL).clamp(SEGMENT_MIN_BYTES, SEGMENT_MAX_BYTES);
        Self {
            by_number: HashMap::new(),
            active: None,
            next: 1,
            segment_pages: bytes / PAGE_BYTES,
            held_pages: 0,
            live_pages: 0,
        }
    }

    /// Takes a file in that was there at the start.
    pub(super) fn adopt(&mut self, number: u32, segment: Segment) {
        self.next = self.next.max(number + 1);
        self.live_pages += segment.live_pages;
        self.held_pages += segment.held_pages;
        self.by_number.insert(number, segment);
    }

    /// Takes a new file in, into which blocks go from now on; the number of one that nothing is left of.
    pub(super) fn begin(&mut self, number: u32, file: Arc<dyn File>) -> Option<u32> {
        let emptied = self.seal();
        self.adopt(number, Segment { file, end_page: 0, live_pages: 0, held_pages: 0 });
        self.active = Some(number);
        emptied
    }

    /// Ends the segment that blocks go into; its number, where no block is in it.
    pub(super) fn seal(&mut self) -> Option<u32> {
        let sealed = self.active.take()?;
        self.by_number.get(&sealed).filter(|segment| segment.live_pages == 0).map(|_| sealed)
    }

    /// The number of the next segment; `None` where there is none left.
    pub(super) fn next_number(&mut self) -> Option<u32> {
        let number = self.next;
        self.next = number.checked_add(1).filter(|next| *next <= NUMBER_MAX)?;
        Some(number)
    }

    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Segment> {
        self.by_number.get(&number)
    }

    /// Bytes that all files take or will.
    pub(super) fn held_bytes(&self) -> u64 {
        self.held_pages * PAGE_BYTES
    }

    /// Bytes of those that no block needs.
    pub(super) fn dead_bytes(&self) -> u64 {
        self.held_pages.saturating_sub(self.live_pages) * PAGE_BYTES
    }

    /// The usual size of a segment, in bytes.
    pub(super) fn segment_bytes(&self) -> u64 {
        self.segment_pages * PAGE_BYTES
    }

    /// Whether so many pages can be given out without a new segment.
    pub(super) fn fits(&self, pages: u32) -> bool {
        let active = self.active.and_then(|number| self.by_number.get(&number));
        active.is_some_and(|segment| {
            let end_page = u64::from(segment.end_page) + u64::from(pages);
            segment.end_page == 0 || end_page <= self.segment_pages
        })
    }

    /// Gives pages out; `None` where a new segment is needed.
    pub(super) fn allocate(&mut self, pages: u32) -> Option<(Place, Arc<dyn File>)> {
        let number = self.active.filter(|_| self.fits(pages))?;
        let segment = self.by_number.get_mut(&number)?;
        let end_page = segment.end_page.checked_add(pages)?;
        let place = Place { segment: number, page: segment.end_page };
        segment.end_page = end_page;
        segment.live_pages += u64::from(pages);
        segment.held_pages += u64::from(pages);
        self.live_pages += u64::from(pages);
        self.held_pages += u64::from(pages);
        Some((place, segment.file.clone()))
    }

    /// A block is not needed any more. Whether its segment is sealed and has no other.
    pub(super) fn bury(&mut self, extent: &Extent) -> bool {
        let number = extent.place.segment;
        let Some(segment) = self.by_number.get_mut(&number) else { return false };
        let pages = u64::from(extent.pages()).min(segment.live_pages);
        segment.live_pages -= pages;
        self.live_pages -= pages;
        segment.live_pages == 0 && self.active != Some(number)
    }

    /// The room of a block was given back.
    pub(super) fn punched(&mut self, extent: &Extent) {
        let Some(segment) = self.by_number.get_mut(&extent.place.segment) else { return };
        let spare = segment.held_pages.saturating_sub(segment.live_pages);
        let pages = u64::from(extent.pages()).min(spare);
        segment.held_pages -= pages;
        self.held_pages -= pages;
    }

    /// The file of a sealed segment without blocks.
    pub(super) fn emptied(&self, number: u32) -> Option<Arc<dyn File>> {
        let segment = self.by_number.get(&number)?;
        (segment.live_pages == 0 && self.active != Some(number)).then(|| segment.file.clone())
    }

    /// The file of a segment is gone.
    pub(super) fn dropped(&mut self, number: u32) {
        if let Some(segment) = self.by_number.remove(&number) {
            self.held_pages -= segment.held_pages;
            self.live_pages -= segment.live_pages;
        }
    }

    /// The sealed segment with the least of blocks in proportion to what it takes; the oldest of several.
    pub(super) fn sparsest(&self) -> Option<u32> {
        let sealed = self.by_number.iter().filter(|(number, _)| self.active != Some(**number));
        sealed.min_by_key(|(number, segment)| (segment.live_pages, **number)).map(|(number, _)| *number)
    }

    /// The segment of whose room the most is not needed, the oldest of several, and whether blocks go into it. `None` where all
    /// is needed.
    pub(super) fn deadest(&self) -> Option<(u32, bool)> {
        let dead = |segment: &Segment| segment.held_pages.saturating_sub(segment.live_pages);
        let with_dead = self.by_number.iter().filter(|(_, segment)| dead(segment) > 0);
        let deadest = with_dead.max_by_key(|(number, segment)| (dead(segment), u32::MAX - **number));
        deadest.map(|(number, _)| (*number, self.active == Some(*number)))
    }
}

/// The name of a segment's file.
pub(super) fn segment_name(number: u32) -> String {
    format!("{NAME_PREFIX}{number:08x}")
}

/// The number of the segment in a file of this name; `None` where it is no segment's.
pub(super) fn segment_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix(NAME_PREFIX)?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    (0 < number && number < NUMBER_MAX && segment_name(number) == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_one_to_one() {
        assert_eq!(segment_name(42), "segment-0000002a");
        assert_eq!(segment_number("segment-0000002a"), Some(42));
        for name in [
            "segment-2a",
            "segment-0000002A",
            "segment-+000002a",
            "segment-ffffffff",
            "segment-00000000",
            "lock",
            "segment-",
        ] {
            assert_eq!(segment_number(name), None, "{name}");
        }
    }
}
