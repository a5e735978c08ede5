use types::RangeSpec;

use super::head::Look;
use super::{View, wanted};
use crate::fill::{PIECE_BYTES, chunk_end, floor};
use crate::state::ObjectState;

impl View {
    /// The range to ask the store for at once: from the piece in which what is wanted and not cached begins, to the end of the
    /// block in which it ends, at most to the end of a chunk.
    pub(super) fn hint(&self, look: &Look<'_>, expected: Option<&ObjectState>) -> Option<RangeSpec> {
        let hint = look.options.range_hint;
        if look.options.part_number.is_some() {
            return hint;
        }
        let (first, last) = match (hint, expected) {
            (None, _) => (0, u64::MAX),
            (Some(RangeSpec::FromTo { first, last }), _) => (first, last),
            (Some(RangeSpec::From(first)), _) => (first, u64::MAX),
            (Some(RangeSpec::Suffix(length)), Some(state)) if length > 0 => {
                (state.info.size_bytes.saturating_sub(length), u64::MAX)
            }
            // Where it begins is not known: with a piece more, a whole piece begins before it.
            (Some(RangeSpec::Suffix(length)), _) if length > 0 => {
                return Some(RangeSpec::Suffix(length.saturating_add(PIECE_BYTES)));
            }
            (Some(nothing), _) => return Some(nothing),
        };
        let start = floor(self.first_missing(look, expected, first).unwrap_or(first));
        let block_end = last.saturating_add(1).checked_next_multiple_of(self.block_bytes).unwrap_or(u64::MAX);
        Some(RangeSpec::FromTo { first: start, last: block_end.min(chunk_end(start)).max(start + 1) - 1 })
    }

    /// Where the first block that is not cached begins, at `first` or behind it, if the object is what is expected.
    fn first_missing(&self, look: &Look<'_>, expected: Option<&ObjectState>, first: u64) -> Option<u64> {
        let state = expected?;
        let object = self.object(look, state)?;
        let wanted = wanted(&state.info, look.options);
        if wanted.is_empty() {
            return None;
        }
        let missing = |number: &u32| !self.core.disk.contains(&object.block(*number));
        let block = object.geometry.blocks(wanted).find(missing)?;
        Some(object.geometry.span(block).start.max(first))
    }
}
