use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::mpsc::Sender;

/// What a job tells while it goes; one JSON object per line between server and command, and of `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum JobEvent {
    /// A subject's turn has come.
    Begun {
        /// What is done to what, for people.
        text: String,
        /// How much there is to do, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// How far it is.
    Progress {
        /// How much has been done.
        done: u64,
        /// How much there is to do, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
        /// Bytes that were moved or verified.
        bytes: u64,
    },
    /// Figures of one subject.
    Figures {
        /// What they say, for people.
        text: String,
        /// The figures by name, for programs.
        figures: Map<String, Value>,
    },
    /// Something that is not as it should be.
    Finding {
        /// What, for people.
        text: String,
        /// The same for programs.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        details: Map<String, Value>,
    },
    /// Something that is as it should be, for the report that programs keep.
    Compared {
        /// What.
        details: Map<String, Value>,
    },
    /// All of it has been done.
    Done {
        /// What came of it, for people.
        text: String,
        /// How much is still not as it should be.
        wrong: u64,
        /// The sums, for programs.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        details: Map<String, Value>,
    },
    /// It could not go on.
    Failed {
        /// Why.
        message: String,
    },
}

impl JobEvent {
    /// The event as a line.
    pub(crate) fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("the event's maps have texts as keys");
        line.push('\n');
        line
    }

    /// Reads a line; `None` where it is not an event of this version.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

/// Nobody listens to a job any more, which ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unheard;

/// Where a job tells how it goes.
#[derive(Clone)]
pub(crate) struct Events(Sender<JobEvent>);

impl Events {
    pub(crate) fn new(sender: Sender<JobEvent>) -> Self {
        Self(sender)
    }

    /// Tells an event; waits while the listener is slow.
    ///
    /// # Errors
    /// [`Unheard`].
    pub(crate) async fn tell(&self, event: JobEvent) -> Result<(), Unheard> {
        self.0.send(event).await.map_err(|_| Unheard)
    }

    /// Tells how far it is, where the listener has time for it.
    ///
    /// # Errors
    /// [`Unheard`].
    pub(crate) fn progress(&self, done: u64, total: Option<u64>, bytes: u64) -> Result<(), Unheard> {
        if self.0.is_closed() {
            return Err(Unheard);
        }
        // The next one tells more than this one.
        let _ = self.0.try_send(JobEvent::Progress { done, total, bytes });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_their_line() {
        let details = [("key".to_owned(), Value::from("a\n\"b"))].into_iter().collect();
        for event in [
            JobEvent::Begun { text: "a".to_owned(), total: None },
            JobEvent::Progress { done: 1, total: Some(2), bytes: 3 },
            JobEvent::Finding { text: "b\nc".to_owned(), details },
            JobEvent::Done { text: "d".to_owned(), wrong: 4, details: Map::new() },
        ] {
            let line = event.to_line();
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(JobEvent::from_line(&line), Some(event));
        }
        assert_eq!(JobEvent::from_line("{}"), None);
    }
}
