use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::ScrubEvent;
use crate::jobs::size;

/// Shows a scrub: a bar on a terminal, damage and the outcome as lines.
pub(crate) struct Renderer {
    bar: ProgressBar,
    outcome: Option<Outcome>,
}

/// How a scrub ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was checked, and so much is damaged.
    Done {
        /// How much.
        damaged: u64,
    },
    /// It could not go on.
    Failed(String),
}

impl Renderer {
    pub(crate) fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, outcome: None }
    }

    /// Shows one event.
    pub(crate) fn show(&mut self, event: ScrubEvent) {
        match event {
            ScrubEvent::Begun { store, records, blobs, resumed } => {
                self.bar.set_length(records + blobs);
                self.bar.set_position(0);
                let how = if resumed { "going on with" } else { "checking" };
                self.say(&format!("{how} store \"{store}\": {records} records, {blobs} blobs"));
            }
            ScrubEvent::Progress { records, blobs, bytes, .. } => {
                self.bar.set_position(records + blobs);
                self.bar.set_message(format!("{records} records, {blobs} blobs, {}", size(bytes)));
            }
            ScrubEvent::Damage { store, what } => self.say(&format!("DAMAGED  store \"{store}\"  {what}")),
            ScrubEvent::Done { records, blobs, bytes, damaged } => {
                self.bar.finish_and_clear();
                let verdict =
                    if damaged == 0 { "nothing is damaged".to_owned() } else { format!("{damaged} damaged") };
                self.say(&format!("checked {records} records and {blobs} blobs, {}: {verdict}", size(bytes)));
                self.outcome = Some(Outcome::Done { damaged });
            }
            ScrubEvent::Failed { message } => {
                self.bar.finish_and_clear();
                self.outcome = Some(Outcome::Failed(message));
            }
        }
    }

    /// How it ended; `None` where it broke off.
    pub(crate) fn outcome(self) -> Option<Outcome> {
        self.outcome
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| crate::print(&format!("{line}\n")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_decides() {
        let mut renderer = Renderer::new();
        renderer.show(ScrubEvent::Begun { store: "s".to_owned(), records: 1, blobs: 1, resumed: false });
        renderer.show(ScrubEvent::Done { records: 1, blobs: 1, bytes: 1, damaged: 2 });
        assert_eq!(renderer.outcome(), Some(Outcome::Done { damaged: 2 }));
        assert_eq!(Renderer::new().outcome(), None);
    }
}
