use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use types::{Clock, SystemClock, Timestamp};

use super::failures::Failures;
use super::settings::Settings;

/// A file or folder of the drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The folder that it is in; `None` at the root.
    pub parent: Option<u64>,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// The size that was told; what is stored may be of another one.
    pub size_bytes: u64,
    /// Its kind.
    pub mime: String,
    /// The name of its bytes in the storage.
    pub object: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Whether it is in the trash.
    pub in_trash: bool,
}

impl Entry {
    /// The entry as the service writes it. An upload's answer has no `url`.
    pub(super) fn shown(&self, url: Option<String>) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "file_name": self.object,
            "type": if self.is_folder { "folder" } else { "file" },
            "file_size": self.size_bytes,
            "parent_id": self.parent,
            "mime": if self.is_folder { Value::Null } else { self.mime.clone().into() },
            "hash": format!("h{}", self.id),
            "file_hash": Value::Null,
            "url": url,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
            "deleted_at": if self.in_trash { rfc3339(self.updated_at).into() } else { Value::Null },
        })
    }

    pub(super) fn url(&self) -> Option<String> {
        (!self.is_folder).then(|| format!("api/v1/file-entries/{}/download", self.id))
    }
}

/// The service writes whole seconds.
fn rfc3339(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.as_secs()).unwrap_or_default();
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}

/// An upload in parts.
#[derive(Debug, Default)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) parts: BTreeMap<u32, (String, Bytes)>,
    pub(super) is_complete: bool,
}

/// A folder as it was before a change that its listings do not show yet.
#[derive(Debug)]
pub(super) struct Stale {
    pub(super) entries: Vec<Entry>,
    pub(super) pages: u32,
}

/// Everything that the service holds.
#[derive(Debug)]
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) entries: BTreeMap<u64, Entry>,
    pub(super) objects: HashMap<String, Bytes>,
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) stale: HashMap<Option<u64>, Stale>,
    pub(super) failures: Failures,
    pub(super) calls: BTreeMap<String, u64>,
    pub(super) leaked_tokens: u64,
    pub(super) storage: String,
    pub(super) site: String,
    next: u64,
    window: (Timestamp, u32),
}

const WINDOW: Duration = Duration::from_secs(60);

impl World {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            entries: BTreeMap::new(),
            objects: HashMap::new(),
            uploads: BTreeMap::new(),
            stale: HashMap::new(),
            failures: Failures::default(),
            calls: BTreeMap::new(),
            leaked_tokens: 0,
            storage: String::new(),
            site: String::new(),
            next: 1_000,
            window: (Timestamp::default(), 0),
        }
    }

    pub(super) fn now() -> Timestamp {
        SystemClock.now()
    }

    /// A number that was not given before.
    pub(super) fn issue(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Counts a call against the limit: how many are left in this minute, `None` where it is one too many.
    pub(super) fn count_call(&mut self) -> Option<u32> {
        let now = Self::now();
        if now.since(self.window.0) >= WINDOW {
            self.window = (now, 0);
        }
        self.window.1 += 1;
        self.settings.calls_per_minute.checked_sub(self.window.1)
    }

    /// The entries of a folder that are not in the trash.
    pub(super) fn children(&self, parent: Option<u64>) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(move |entry| entry.parent == parent && !entry.in_trash)
    }

    pub(super) fn folder(&self, id: u64) -> Option<&Entry> {
        self.entries.get(&id).filter(|entry| entry.is_folder && !entry.in_trash)
    }

    /// Lets the next `pages` pages of a folder show what is there now.
    pub(super) fn hold_listing(&mut self, parent: Option<u64>, pages: u32) {
        if pages > 0 && !self.stale.contains_key(&parent) {
            let entries = self.children(parent).cloned().collect();
            self.stale.insert(parent, Stale { entries, pages });
        }
    }

    /// Adds an entry.
    pub(super) fn add(&mut self, parent: Option<u64>, name: &str, file: Option<(u64, String)>) -> Entry {
        self.hold_listing(parent, self.settings.late_writes);
        let (id, now) = (self.issue(), Self::now());
        let is_folder = file.is_none();
        let (size_bytes, object) = file.map_or((0, None), |(size, object)| (size, Some(object)));
        let entry = Entry {
            id,
            name: name.to_owned(),
            parent,
            is_folder,
            size_bytes,
            mime: "application/octet-stream".to_owned(),
            object,
            created_at: now,
            updated_at: now,
            in_trash: false,
        };
        self.entries.insert(id, entry.clone());
        entry
    }

    /// Adds a file of these bytes.
    pub(super) fn add_file(&mut self, parent: Option<u64>, name: &str, bytes: Bytes) -> Entry {
        let object = format!("objects/{}", self.issue());
        let size = bytes.len() as u64;
        self.objects.insert(object.clone(), bytes);
        self.add(parent, name, Some((size, object)))
    }

    /// Removes an entry, for good or to the trash, with everything in it.
    pub(super) fn remove(&mut self, id: u64, forever: bool) {
        let Some(entry) = self.entries.get(&id).cloned() else { return };
        self.hold_listing(entry.parent, self.settings.late_writes);
        let inner: Vec<u64> = self.entries.values().filter(|e| e.parent == Some(id)).map(|e| e.id).collect();
        for id in inner {
            self.remove(id, forever);
        }
        if !forever {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.in_trash = true;
            }
            return;
        }
        self.entries.remove(&id);
        let shared = |object: &String| self.entries.values().any(|e| e.object.as_ref() == Some(object));
        if let Some(object) = entry.object.filter(|object| !shared(object)) {
            self.objects.remove(&object);
        }
    }
}

/// Whether the drive takes a name.
pub(super) fn is_legal_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && name != "."
        && name != ".."
        && !name.starts_with(' ')
        && !name.ends_with(' ')
        && !name.contains(|character: char| matches!(character, '\\' | '/') || character.is_control())
}
