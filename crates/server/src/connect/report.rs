use std::fmt;

/// What was tried and what came of it, for people.
#[derive(Debug, Default)]
pub(crate) struct Report {
    text: String,
    failures: usize,
}

impl Report {
    /// Begins with another thing that is tried.
    pub(super) fn begin(&mut self, what: &str) {
        self.line(&format!("\n{what}"));
    }

    pub(super) fn note(&mut self, text: &str) {
        self.line(&format!("  {text}"));
    }

    /// It may be done.
    pub(super) fn done(&mut self, what: &str, detail: &str) {
        let detail = if detail.is_empty() { String::new() } else { format!("   {detail}") };
        self.line(&format!("  {what:<16}yes{detail}"));
    }

    /// It may not be done, and nothing that the configuration says needs it.
    pub(super) fn cannot(&mut self, what: &str, why: &str) {
        self.line(&format!("  {what:<16}no: {why}"));
    }

    /// It may not be done, and it is needed.
    pub(super) fn refused(&mut self, what: &str, why: &str) {
        self.failures += 1;
        self.line(&format!("  {what:<16}NO: {why}"));
    }

    /// How many things that are needed may not be done.
    pub(crate) fn failures(&self) -> usize {
        self.failures
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
