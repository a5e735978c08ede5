//! How keys are written as names of folders and files, and read back.
//!
//! A segment of a key (what stands between slashes) is a name as it is, where the drive can hold it. What the drive cannot
//! hold, and what would look like the writing below, is written `%K-TEXT` with `%XX` for the bytes that cannot stand:
//!
//! | `K` | what it is |
//! |---|---|
//! | `e` | the whole segment |
//! | `t` | the same for a folder beside which another one differs by letter case only; every letter with a case is escaped |
//! | `c`, `u` | the beginning of a segment that is too long for one name: a folder, the rest is inside; `u` is to `c` as `t` is to `e` |
//!
//! A name that is written so but not as this module would write it belongs to somebody else; it is shown with `%e-` before
//! it, and that key leads back to it.

/// The longest name that the drive holds, in bytes.
pub(crate) const NAME_MAX_BYTES: usize = 255;
/// The most bytes that the beginning of a long segment may have once every byte that can be is escaped.
const CHUNK_MAX_BYTES: usize = 240;
/// A character is at most four bytes, each escaped by three: the next one did not fit.
const CHUNK_MIN_BYTES: usize = CHUNK_MAX_BYTES - 12 + 1;

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It is a segment of a key.
    Segment(String),
    /// It is a folder whose content goes on with a segment that begins so.
    Beginning(String),
}

/// One step of a path on the drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// What the name says.
    pub(crate) meaning: Meaning,
    /// The name.
    pub(crate) name: String,
}

/// The names under which a segment stands: one, or several where it is too long for one.
#[must_use]
pub(crate) fn steps(segment: &str) -> Vec<Step> {
    split(segment, encode, |beginning| format!("%c-{}", escape(beginning, Escape::Least)))
}

/// The names under which a folder stands beside one that differs by letter case only.
#[must_use]
pub(crate) fn twin_steps(segment: &str) -> Vec<Step> {
    split(segment, |rest| format!("%t-{}", escape(rest, Escape::Case)), twin_beginning)
}

/// The name of a beginning beside one that differs by letter case only.
#[must_use]
pub(crate) fn twin_beginning(beginning: &str) -> String {
    format!("%u-{}", escape(beginning, Escape::Case))
}

fn split(segment: &str, last: impl Fn(&str) -> String, first: impl Fn(&str) -> String) -> Vec<Step> {
    let (mut steps, mut rest) = (Vec::new(), segment);
    loop {
        let name = last(rest);
        if name.len() <= NAME_MAX_BYTES {
            steps.push(Step { meaning: Meaning::Segment(rest.to_owned()), name });
            return steps;
        }
        let (beginning, behind) = rest.split_at(chunk_len(rest));
        steps.push(Step { meaning: Meaning::Beginning(beginning.to_owned()), name: first(beginning) });
        rest = behind;
    }
}

/// What a name says, whoever made it. No two names of kind `e` or plain ones say the same.
#[must_use]
pub(crate) fn meaning(name: &str) -> Meaning {
    let Some((kind, text)) = marked(name) else { return Meaning::Segment(plain(name)) };
    let ours = unescape(text).and_then(|said| match kind {
        'e' => (encode(&said) == name).then_some(Meaning::Segment(said)),
        't' => (escape(&said, Escape::Case) == text).then_some(Meaning::Segment(said)),
        'c' => (escape(&said, Escape::Least) == text && is_chunk(&said)).then_some(Meaning::Beginning(said)),
        _ => (escape(&said, Escape::Case) == text && is_chunk(&said)).then_some(Meaning::Beginning(said)),
    });
    ours.unwrap_or_else(|| Meaning::Segment(format!("%e-{name}")))
}

/// The segment that a file's name says: files are neither twins nor beginnings, so only `%e-` is read.
#[must_use]
pub(crate) fn file_segment(name: &str) -> String {
    match (marked(name), meaning(name)) {
        (None | Some(('e', _)), Meaning::Segment(segment)) => segment,
        _ => format!("%e-{name}"),
    }
}

/// Whether a folder of this name is in the way of one of the other, as the service compares them.
#[must_use]
pub(crate) fn are_twins(name: &str, other: &str) -> bool {
    name == other || name.to_lowercase() == other.to_lowercase()
}

/// A name without marks: the segment, unless such a segment is written in another way.
fn plain(name: &str) -> String {
    if is_holdable(name) { name.to_owned() } else { format!("%e-{name}") }
}

fn encode(segment: &str) -> String {
    if let Some(foreign) = segment.strip_prefix("%e-").filter(|name| is_foreign(name)) {
        return foreign.to_owned();
    }
    if is_holdable(segment) && marked(segment).is_none() {
        return segment.to_owned();
    }
    format!("%e-{}", escape(segment, Escape::Least))
}

/// Whether this is a name that is shown with a mark before it, because it is nobody's writing of anything.
fn is_foreign(name: &str) -> bool {
    is_holdable(name) && meaning(name) == Meaning::Segment(format!("%e-{name}"))
}

/// Kind and text of a name that looks as if this module had written it.
fn marked(name: &str) -> Option<(char, &str)> {
    let rest = name.strip_prefix('%')?;
    let kind = rest.chars().next().filter(|kind| matches!(kind, 'e' | 't' | 'c' | 'u'))?;
    Some((kind, rest[1..].strip_prefix('-')?))
}

/// Whether the drive holds such a name and gives it back as it is.
fn is_holdable(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_MAX_BYTES
        && name != "."
        && name != ".."
        && !name.starts_with(' ')
        && !name.ends_with(' ')
        && !name.chars().any(|character| character == '\\' || character.is_control())
}

/// How much of a long segment goes into one folder. The same for all segments that begin so, however they go on.
fn chunk_len(segment: &str) -> usize {
    let mut escaped = 0;
    for (at, character) in segment.char_indices() {
        escaped += widest(character);
        if escaped > CHUNK_MAX_BYTES {
            return at;
        }
    }
    segment.len()
}

fn is_chunk(text: &str) -> bool {
    let escaped: usize = text.chars().map(widest).sum();
    (CHUNK_MIN_BYTES..=CHUNK_MAX_BYTES).contains(&escaped)
}

/// The most bytes that a character takes in any writing.
fn widest(character: char) -> usize {
    3 * character.len_utf8()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    /// What the drive cannot hold, and the escape itself.
    Least,
    /// Everything but small letters, digits and the plainest signs; the first byte too, so that it differs from the
    /// name it is a twin of.
    Case,
}

fn escape(text: &str, how: Escape) -> String {
    let mut escaped = String::with_capacity(text.len());
    let last = text.len().wrapping_sub(1);
    let is_dots = text == "." || text == "..";
    for (at, character) in text.char_indices() {
        let at_edge = at == 0 || at == last;
        let stays = match how {
            Escape::Least => {
                let is_plain = !matches!(character, '%' | '\\') && !character.is_control();
                is_plain && !is_dots && (!at_edge || character != ' ')
            }
            Escape::Case => {
                at > 0
                    && (character.is_ascii_lowercase()
                        || character.is_ascii_digit()
                        || matches!(character, '-' | '_' | '.'))
            }
        };
        if stays {
            escaped.push(character);
        } else {
            character
                .encode_utf8(&mut [0; 4])
                .bytes()
                .for_each(|byte| escaped.push_str(&format!("%{byte:02x}")));
        }
    }
    escaped
}

/// The text that was escaped; `None` where it was not.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
