use serde::{Deserialize, Serialize};

/// What a scrub tells while it goes; one JSON object per line between server and command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum ScrubEvent {
    /// A store's turn has come.
    Begun {
        /// The store.
        store: String,
        /// How many records it holds.
        records: u64,
        /// How many blobs it holds.
        blobs: u64,
        /// Whether an earlier run is gone on with.
        resumed: bool,
    },
    /// How far the store's check is, earlier runs included.
    Progress {
        /// The store.
        store: String,
        /// Records verified.
        records: u64,
        /// Blobs verified.
        blobs: u64,
        /// Bytes of blobs verified.
        bytes: u64,
    },
    /// Something is damaged.
    Damage {
        /// The store.
        store: String,
        /// What it is.
        what: String,
    },
    /// All stores have been checked.
    Done {
        /// Records verified.
        records: u64,
        /// Blobs verified.
        blobs: u64,
        /// Bytes of blobs verified.
        bytes: u64,
        /// How much is damaged.
        damaged: u64,
    },
    /// The check could not go on; the next run goes on from here.
    Failed {
        /// Why.
        message: String,
    },
}

impl ScrubEvent {
    /// The event as a line.
    pub(crate) fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("the event has no maps or foreign types");
        line.push('\n');
        line
    }

    /// Reads a line; `None` where it is not an event of this version.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_their_line() {
        let event = ScrubEvent::Damage { store: "near".to_owned(), what: "blob 7\n\"".to_owned() };
        let line = event.to_line();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(ScrubEvent::from_line(&line), Some(event));
        assert_eq!(ScrubEvent::from_line("{}"), None);
    }
}
