use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use types::Timestamp;

/// The number of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct EntryId(pub(crate) u64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number, or a text that is one: the service writes both.
impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = EntryId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry's number")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<EntryId, E> {
                Ok(EntryId(number))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<EntryId, E> {
                text.parse().map(EntryId).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// A folder: the account's root, or an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FolderId {
    /// Where `parent_id` is null.
    Root,
    /// A folder of this number.
    Entry(EntryId),
}

impl FolderId {
    /// The number; `None` for the root.
    pub(crate) fn number(self) -> Option<EntryId> {
        match self {
            Self::Root => None,
            Self::Entry(id) => Some(id),
        }
    }
}

impl From<Option<EntryId>> for FolderId {
    fn from(parent: Option<EntryId>) -> Self {
        parent.filter(|id| id.0 != 0).map_or(Self::Root, Self::Entry)
    }
}

/// A file or folder as the service tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its number.
    pub(crate) id: EntryId,
    /// Its name.
    pub(crate) name: String,
    /// Whether it is a folder.
    pub(crate) is_folder: bool,
    /// The folder that it is in.
    pub(crate) parent: FolderId,
    /// Its size.
    pub(crate) size_bytes: u64,
    /// What the service calls its hash; empty where it has none.
    pub(crate) hash: String,
    /// The name of its bytes in the storage.
    pub(crate) file_name: String,
    /// Its kind, where the service tells one.
    pub(crate) mime: Option<String>,
    /// When it was last changed.
    pub(crate) updated_at: Timestamp,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// Whether it is in the trash.
    pub(crate) is_deleted: bool,
}

impl Entry {
    /// What the ledger knows the content by: another content has another one.
    pub(crate) fn version(&self) -> String {
        format!("{}:{}", self.id, self.size_bytes)
    }

    /// Which of two entries of one name is the newer: the one changed later, and of the same second the one made later.
    pub(crate) fn age(&self) -> (Timestamp, EntryId) {
        (self.updated_at, self.id)
    }
}

#[derive(Deserialize)]
struct Raw {
    id: EntryId,
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    file_size: Option<u64>,
    parent_id: Option<EntryId>,
    hash: Option<String>,
    file_name: Option<String>,
    mime: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    deleted_at: Option<String>,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?;
        let created_at = moment(raw.created_at.as_deref());
        let is_folder = raw.kind.as_deref() == Some("folder");
        Ok(Self {
            id: raw.id,
            name: raw.name,
            is_folder,
            parent: raw.parent_id.into(),
            // A folder's is that of what is in it.
            size_bytes: raw.file_size.filter(|_| !is_folder).unwrap_or(0),
            hash: raw.hash.unwrap_or_default(),
            file_name: raw.file_name.unwrap_or_default(),
            mime: raw.mime.filter(|mime| !mime.is_empty()),
            updated_at: raw.updated_at.map_or(created_at, |text| moment(Some(&text))),
            created_at,
            is_deleted: raw.deleted_at.is_some(),
        })
    }
}

/// A moment as RFC 3339 has it; the epoch where it is none, so that one odd date does not hide a folder.
fn moment(text: Option<&str>) -> Timestamp {
    let parsed = text.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    let nanos = parsed.and_then(|moment| u64::try_from(moment.unix_timestamp_nanos()).ok());
    Timestamp::from_nanos(nanos.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_in_every_writing() {
        let entry: Entry = serde_json::from_str(
            r#"{"id":"7","name":"a","type":"image","file_size":null,"parent_id":"3","hash":null,
                "created_at":"2024-05-01T10:00:00.000000Z","updated_at":"2024-05-01T10:00:01Z","url":null}"#,
        )
        .unwrap();
        assert_eq!((entry.id, entry.parent), (EntryId(7), FolderId::Entry(EntryId(3))));
        assert_eq!((entry.is_folder, entry.size_bytes), (false, 0));
        assert_eq!(entry.updated_at.since(entry.created_at).as_secs(), 1);
        let root: Entry = serde_json::from_str(
            r#"{"id":8,"name":"b","type":"folder","parent_id":null,"updated_at":"soon"}"#,
        )
        .unwrap();
        assert_eq!(
            (root.parent, root.is_folder, root.updated_at),
            (FolderId::Root, true, Timestamp::default())
        );
    }
}
