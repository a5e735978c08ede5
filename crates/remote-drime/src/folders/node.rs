use crate::api::Entry;
use crate::names::{Meaning, file_segment, meaning};

/// What an entry is in the tree of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Label {
    /// A file: the last segment of a key.
    File(String),
    /// A folder: a segment and a slash.
    Folder(String),
    /// A folder whose content goes on with a segment that begins so.
    Beginning(String),
}

impl Label {
    /// The text of keys that the entry stands for, from its folder on; everything in it begins so.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::File(text) | Self::Beginning(text) => text.clone(),
            Self::Folder(text) => format!("{text}/"),
        }
    }
}

/// An entry with what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// As the service tells it.
    pub(crate) entry: Entry,
    /// What it is.
    pub(crate) label: Label,
}

impl Node {
    pub(crate) fn new(entry: Entry) -> Self {
        let label = match entry.is_folder {
            false => Label::File(file_segment(&entry.name)),
            true => match meaning(&entry.name) {
                Meaning::Segment(segment) => Label::Folder(segment),
                Meaning::Beginning(beginning) => Label::Beginning(beginning),
            },
        };
        Self { entry, label }
    }
}
