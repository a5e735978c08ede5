use std::collections::VecDeque;

use parking_lot::Mutex;
use store::{ListObjects, Position};

/// How many pages are remembered; forgetting one costs one more request.
const WALKS_MAX: usize = 256;

/// Where the service would go on behind pages that were just given: whoever walks through a listing asks for the next page
/// soon, and the service's own token names its place more exactly than a name does.
#[derive(Default)]
pub(crate) struct Walks(Mutex<VecDeque<(Place, Resumption)>>);

/// A listing and the position behind which it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    bucket: String,
    prefix: String,
    delimiter: Option<String>,
    after: Position,
}

/// How the service is asked to go on: its token, and the beginning that the token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resumption {
    pub(crate) start: Option<String>,
    pub(crate) token: String,
}

impl Place {
    /// Behind `after` in the listing that these options ask for.
    pub(crate) fn new(bucket: &str, options: &ListObjects, after: Position) -> Self {
        let ListObjects { prefix, delimiter, .. } = options;
        Self { bucket: bucket.to_owned(), prefix: prefix.clone(), delimiter: delimiter.clone(), after }
    }
}

impl Walks {
    /// Remembers how a listing goes on.
    pub(crate) fn remember(&self, place: Place, resumption: Resumption) {
        let mut walks = self.0.lock();
        walks.retain(|(known, _)| *known != place);
        if walks.len() == WALKS_MAX {
            walks.pop_front();
        }
        walks.push_back((place, resumption));
    }

    /// How a listing goes on, if that is remembered.
    pub(crate) fn recall(&self, place: &Place) -> Option<Resumption> {
        self.0.lock().iter().find(|(known, _)| known == place).map(|(_, resumption)| resumption.clone())
    }

    /// Forgets what the service does not take.
    pub(crate) fn forget(&self, place: &Place) {
        self.0.lock().retain(|(known, _)| known != place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let walks = Walks::default();
        let place = |n: usize| {
            let after = Position::Key(n.to_string());
            Place::new("bucket", &ListObjects::default(), after)
        };
        let resumption = |n: usize| Resumption { start: None, token: n.to_string() };
        for n in 0..=WALKS_MAX {
            walks.remember(place(n), resumption(n));
        }
        assert_eq!(walks.recall(&place(0)), None);
        assert_eq!(walks.recall(&place(1)), Some(resumption(1)));
        walks.remember(place(1), resumption(7));
        assert_eq!(walks.recall(&place(1)), Some(resumption(7)));
        walks.forget(&place(1));
        assert_eq!(walks.recall(&place(1)), None);
    }
}
