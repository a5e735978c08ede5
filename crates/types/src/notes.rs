use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a cache came by what it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// From the cache alone.
    Hit,
    /// From the store behind it, at least in part.
    Miss,
    /// From the cache, after the store behind it said that it still holds.
    Revalidated,
    /// From the cache, without knowing whether it still holds, because the store behind it cannot be reached.
    Stale,
    /// Past the cache.
    Bypass,
}

impl CacheStatus {
    /// The status in the words of the `X-Cache` header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Revalidated => "revalidated",
            Self::Stale => "stale",
            Self::Bypass => "bypass",
        }
    }
}

/// What a cache says about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheNote {
    /// How it came by the answer.
    pub status: CacheStatus,
    /// How long ago the store behind it last vouched for the answer; `None` where it just did.
    pub age: Option<Duration>,
}

/// What became of a write on one target of a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetOutcome {
    /// The target has it.
    Done,
    /// The target owes it; the journal knows.
    Owed,
}

impl TargetOutcome {
    /// The outcome in the words of logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Owed => "owed",
        }
    }
}

/// What layers say about one request, for its answer's headers and its log line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    /// What the outermost cache says.
    pub cache: Option<CacheNote>,
    /// What became of a write on each target, in the order of the mirror's targets.
    pub targets: Vec<(Arc<str>, TargetOutcome)>,
}

/// Where layers leave what they have to say about the request that they serve. Cloning shares it.
///
/// Without a reader ([`Notes::unread`], the default) nothing is kept.
#[derive(Debug, Clone, Default)]
pub struct Notes(Option<Arc<Mutex<Noted>>>);

impl Notes {
    /// Notes that nobody reads: for background work.
    #[must_use]
    pub const fn unread() -> Self {
        Self(None)
    }

    /// Notes that are read when the request is answered.
    #[must_use]
    pub fn kept() -> Self {
        Self(Some(Arc::default()))
    }

    /// Says how a cache came by the answer. A cache speaks after the store behind it, so the outermost has the last word.
    pub fn cache(&self, note: CacheNote) {
        self.change(|noted| noted.cache = Some(note));
    }

    /// Says what became of a write on a target; a later word on the same target replaces the first.
    pub fn target(&self, name: &Arc<str>, outcome: TargetOutcome) {
        self.change(|noted| match noted.targets.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = outcome,
            None => noted.targets.push((name.clone(), outcome)),
        });
    }

    /// What has been said so far.
    #[must_use]
    pub fn read(&self) -> Noted {
        self.0
            .as_ref()
            .map_or_else(Noted::default, |noted| noted.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn change(&self, change: impl FnOnce(&mut Noted)) {
        if let Some(noted) = &self.0 {
            change(&mut noted.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_on_a_matter_stands() {
        let notes = Notes::kept();
        let shared = notes.clone();
        let near: Arc<str> = "near".into();
        shared.target(&near, TargetOutcome::Owed);
        shared.target(&"far".into(), TargetOutcome::Owed);
        shared.target(&near, TargetOutcome::Done);
        shared.cache(CacheNote { status: CacheStatus::Miss, age: None });
        shared.cache(CacheNote { status: CacheStatus::Bypass, age: None });
        let noted = notes.read();
        assert_eq!(noted.targets, [(near, TargetOutcome::Done), ("far".into(), TargetOutcome::Owed)]);
        assert_eq!(noted.cache.map(|note| note.status), Some(CacheStatus::Bypass));
    }

    #[test]
    fn nothing_is_kept_where_nobody_reads() {
        let notes = Notes::unread();
        notes.cache(CacheNote { status: CacheStatus::Hit, age: None });
        assert_eq!(notes.read(), Noted::default());
    }
}
