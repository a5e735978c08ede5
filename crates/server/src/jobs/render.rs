use std::io::{IsTerminal, Write};

use super::JobEvent;
use indicatif::{ProgressBar, ProgressStyle};

/// Findings that are shown to people; all are counted, and `--json` shows all.
const FINDINGS_SHOWN: u64 = 1000;

/// How events are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Render {
    /// Lines, and a bar on a terminal.
    People,
    /// One JSON object a line.
    Json,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All was done, and so much is not as it should be.
    Done {
        /// How much.
        wrong: u64,
    },
    /// It could not go on.
    Failed(String),
}

/// Shows a job.
pub(crate) struct Renderer {
    render: Render,
    bar: ProgressBar,
    findings: u64,
    outcome: Option<Outcome>,
}

impl Renderer {
    pub(crate) fn new(render: Render) -> Self {
        let is_shown = render == Render::People && std::io::stderr().is_terminal();
        let bar = if is_shown { ProgressBar::no_length() } else { ProgressBar::hidden() };
        Self { render, bar, findings: 0, outcome: None }
    }

    /// Shows one event.
    pub(crate) fn show(&mut self, event: &JobEvent) {
        match self.render {
            Render::Json => crate::print(&event.to_line()),
            Render::People => self.show_people(event),
        }
        match event {
            JobEvent::Done { wrong, .. } => self.outcome = Some(Outcome::Done { wrong: *wrong }),
            JobEvent::Failed { message } => self.outcome = Some(Outcome::Failed(message.clone())),
            _ => {}
        }
    }

    fn show_people(&mut self, event: &JobEvent) {
        match event {
            JobEvent::Begun { text, total } => {
                self.say(text);
                self.bar.set_position(0);
                self.measure(*total);
            }
            JobEvent::Progress { done, total, bytes } => {
                self.measure(*total);
                self.bar.set_position(*done);
                self.bar.set_message(size(*bytes));
            }
            JobEvent::Figures { text, .. } => self.say(text),
            JobEvent::Finding { text, .. } => {
                self.findings += 1;
                if self.findings <= FINDINGS_SHOWN {
                    self.say(&format!("  ! {text}"));
                }
            }
            JobEvent::Done { text, .. } => {
                self.bar.finish_and_clear();
                if let Some(more) = self.findings.checked_sub(FINDINGS_SHOWN).filter(|more| *more > 0) {
                    self.say(&format!("  ! and {more} more; --json shows all"));
                }
                if !text.is_empty() {
                    self.say(text);
                }
            }
            JobEvent::Failed { .. } => self.bar.finish_and_clear(),
            JobEvent::Compared { .. } => {}
        }
    }

    /// Gives the bar its length, or takes it.
    fn measure(&self, total: Option<u64>) {
        let template = match total {
            Some(_) => "{bar:30} {percent:>3}%  {pos} of {len}  {msg}  {elapsed}",
            None => "{spinner} {pos}  {msg}  {elapsed}",
        };
        if self.bar.length() != total || total.is_none() {
            match total {
                Some(total) => self.bar.set_length(total),
                None => self.bar.unset_length(),
            }
            let style = ProgressStyle::with_template(template);
            self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
    }

    /// How it ended; `None` where it broke off.
    pub(crate) fn outcome(self) -> Option<Outcome> {
        self.outcome
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| {
            let mut out = std::io::stdout().lock();
            // A reader that went away is no failure.
            let _ =
                out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
        });
    }
}

/// A size for people.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut amount, mut unit) = (bytes as f64, 0);
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{amount:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    #[test]
    fn sizes_are_readable() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(5 << 30), "5.0 GiB");
    }

    #[test]
    fn the_last_event_decides() {
        let mut renderer = Renderer::new(Render::Json);
        renderer.show(&JobEvent::Done { text: String::new(), wrong: 2, details: Map::new() });
        assert_eq!(renderer.outcome(), Some(Outcome::Done { wrong: 2 }));
        assert_eq!(Renderer::new(Render::Json).outcome(), None);
    }
}
