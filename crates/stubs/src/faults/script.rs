use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

/// Which requests a fault is for.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    method: Option<Method>,
    part: String,
    header: Option<(String, String)>,
    skip: usize,
}

impl Matcher {
    /// Every request.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests of a method.
    #[must_use]
    pub fn method(method: Method) -> Self {
        Self { method: Some(method), ..Self::default() }
    }

    /// Of these, the ones that have `part` in their path or query.
    #[must_use]
    pub fn path(self, part: &str) -> Self {
        Self { part: part.to_owned(), ..self }
    }

    /// Of these, the ones with a header whose value holds `part`.
    #[must_use]
    pub fn header(self, name: &str, part: &str) -> Self {
        Self { header: Some((name.to_ascii_lowercase(), part.to_owned())), ..self }
    }

    /// Of these, not the first `count`.
    #[must_use]
    pub fn skip(self, count: usize) -> Self {
        Self { skip: count, ..self }
    }

    fn matches(&self, request: &RequestLine) -> bool {
        let method = self.method.as_ref().is_none_or(|method| method.as_str() == request.method);
        let header = self.header.as_ref().is_none_or(|(name, part)| {
            request.headers.iter().any(|(found, value)| found == name && value.contains(part.as_str()))
        });
        method && header && request.path.contains(&self.part)
    }
}

/// What goes wrong. Counts are of bytes of the body as they are on the wire, chunked coding included.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The request reaches the service and takes effect; the connection is reset instead of an answer.
    ResetBeforeResponse,
    /// The connection is reset after so many bytes of the request's body; the service sees it break off too.
    ResetAfterRequestBytes(u64),
    /// The connection is reset after the answer's head and so many bytes of its body.
    ResetAfterResponseBytes(u64),
    /// The connection is closed, in good order, after so many bytes of the answer's body.
    Truncate(u64),
    /// An answer of the script's own.
    Status {
        /// Its status.
        code: StatusCode,
        /// Its headers.
        headers: Vec<(String, String)>,
        /// Its body.
        body: Bytes,
        /// Whether the request reaches the service and takes effect all the same.
        forward_first: bool,
    },
    /// The answer comes so much later.
    Delay(Duration),
    /// The answer's body comes so slowly.
    SlowRead {
        /// How slowly.
        bytes_per_second: u64,
    },
    /// One byte of the answer's body is another one: the one after so many.
    CorruptByte(u64),
    /// One byte of the request's body is another one: the one after so many.
    CorruptRequestByte(u64),
    /// A header of the answer is another one, or is added.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// No answer ever, and the request does not reach the service.
    Hang,
    /// The answer's body stops after so many bytes, and the connection stays.
    HangAfterResponseBytes(u64),
}

impl Fault {
    /// An answer instead of the service's, which does not see the request.
    #[must_use]
    pub fn status(code: StatusCode) -> Self {
        Self::Status { code, headers: Vec::new(), body: Bytes::new(), forward_first: false }
    }

    /// As [`Fault::status`], with `Retry-After`.
    #[must_use]
    pub fn retry_after(code: StatusCode, value: &str) -> Self {
        let headers = vec![("Retry-After".to_owned(), value.to_owned())];
        Self::Status { code, headers, body: Bytes::new(), forward_first: false }
    }

    /// An answer instead of the service's, after the request took effect there.
    #[must_use]
    pub fn status_after_effect(code: StatusCode) -> Self {
        Self::Status { code, headers: Vec::new(), body: Bytes::new(), forward_first: true }
    }
}

/// What has come to a server of faults.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// How many connections were made.
    pub connections: usize,
    /// Requests in order: method, and path with query.
    pub requests: Vec<(String, String)>,
    /// Bytes of requests' bodies that were passed on or taken in.
    pub request_body_bytes: u64,
}

impl Seen {
    /// How many requests of a method had `part` in their path.
    #[must_use]
    pub fn count(&self, method: &Method, part: &str) -> usize {
        let matches = |(found, path): &&(String, String)| found == method.as_str() && path.contains(part);
        self.requests.iter().filter(matches).count()
    }
}

/// The line and headers of a request.
#[derive(Debug, Clone)]
pub(super) struct RequestLine {
    pub(super) method: String,
    pub(super) path: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
}

#[derive(Default)]
pub(super) struct Script(Mutex<State>);

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    seen: Seen,
}

struct Entry {
    matcher: Matcher,
    fault: Fault,
    uses: Option<usize>,
}

impl Script {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, matcher: Matcher, fault: Fault, uses: Option<usize>) {
        self.state().entries.push(Entry { matcher, fault, uses });
    }

    pub(super) fn clear(&self) {
        self.state().entries.clear();
    }

    pub(super) fn pending(&self) -> usize {
        self.state().entries.iter().filter_map(|entry| entry.uses).sum()
    }

    pub(super) fn seen(&self) -> Seen {
        self.state().seen.clone()
    }

    pub(super) fn connected(&self) {
        self.state().seen.connections += 1;
    }

    pub(super) fn took(&self, bytes: u64) {
        self.state().seen.request_body_bytes += bytes;
    }

    /// Notes a request and finds the fault that is for it: the first entry that matches.
    pub(super) fn fault_of(&self, request: &RequestLine) -> Option<Fault> {
        let mut state = self.state();
        state.seen.requests.push((request.method.clone(), request.path.clone()));
        let place = state.entries.iter().position(|entry| entry.matcher.matches(request))?;
        let entry = &mut state.entries[place];
        if entry.matcher.skip > 0 {
            entry.matcher.skip -= 1;
            return None;
        }
        let fault = entry.fault.clone();
        if let Some(uses) = &mut entry.uses {
            *uses -= 1;
            if *uses == 0 {
                state.entries.remove(place);
            }
        }
        Some(fault)
    }
}
