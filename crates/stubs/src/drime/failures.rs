use http::request::Parts;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Refused with this status; nothing happens.
    Refused(u16),
    /// Done, and answered with this status as if it had not been.
    Lost(u16),
    /// Refused with 429 and this `Retry-After`, in seconds.
    Throttled(u32),
}

/// A failure that waits for its call.
#[derive(Debug)]
struct Script {
    method: String,
    path: String,
    skip: u32,
    failure: Failure,
}

/// The failures that wait for their calls, each for one.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<Script>);

impl Failures {
    /// Lets the call fail that comes after `skip` others of this method whose paths hold this text.
    pub(super) fn push(&mut self, method: &str, path: &str, skip: u32, failure: Failure) {
        self.0.push(Script { method: method.to_owned(), path: path.to_owned(), skip, failure });
    }

    /// The failure of this call.
    pub(super) fn take(&mut self, parts: &Parts) -> Option<Failure> {
        let matches = |script: &Script| {
            parts.method.as_str() == script.method && parts.uri.path().contains(&script.path)
        };
        let place = self.0.iter().position(matches)?;
        if self.0[place].skip > 0 {
            self.0[place].skip -= 1;
            return None;
        }
        Some(self.0.remove(place).failure)
    }
}
