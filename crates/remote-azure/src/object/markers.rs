use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use store::Position;
use types::BucketName;

/// Pages whose end is remembered.
const MARKERS_MAX: usize = 4096;

/// Where pages of listings ended, in the service's own words: it goes on only behind a marker that it gave itself. What is
/// not remembered is found by walking from the beginning.
#[derive(Default)]
pub(crate) struct Markers(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    markers: HashMap<PageEnd, Marker>,
    order: VecDeque<PageEnd>,
}

/// What a page was a page of, and its last entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageEnd {
    bucket: BucketName,
    prefix: String,
    delimiter: Option<String>,
    after: (bool, String),
}

impl PageEnd {
    pub(crate) fn new(bucket: &BucketName, prefix: &str, delimiter: Option<&str>, after: &Position) -> Self {
        let after = match after {
            Position::Key(key) => (false, key.clone()),
            Position::Prefix(prefix) => (true, prefix.clone()),
        };
        Self {
            bucket: bucket.clone(),
            prefix: prefix.to_owned(),
            delimiter: delimiter.map(str::to_owned),
            after,
        }
    }
}

/// How to go on behind a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marker {
    /// The service's own; it names the next entry of that moment, and would pass over one that was written since between
    /// the page's last entry and that one.
    pub(crate) exact: Option<String>,
    /// A marker that lies before the page's end in any case; none is the beginning.
    pub(crate) safe: Option<String>,
    /// How many writes the bucket had seen.
    pub(crate) writes: u64,
}

impl Markers {
    pub(crate) fn remember(&self, end: PageEnd, marker: Marker) {
        let mut remembered = self.0.lock();
        if remembered.markers.insert(end.clone(), marker).is_none() {
            remembered.order.push_back(end);
        }
        while remembered.order.len() > MARKERS_MAX {
            if let Some(oldest) = remembered.order.pop_front() {
                remembered.markers.remove(&oldest);
            }
        }
    }

    pub(crate) fn find(&self, end: &PageEnd) -> Option<Marker> {
        self.0.lock().markers.get(end).cloned()
    }

    /// Forgets all of a bucket that is no more.
    pub(crate) fn forget(&self, bucket: &BucketName) {
        let mut remembered = self.0.lock();
        remembered.markers.retain(|end, _| end.bucket != *bucket);
        remembered.order.retain(|end| end.bucket != *bucket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let markers = Markers::default();
        let bucket = BucketName::new("abc").unwrap();
        let end = |n: usize| PageEnd::new(&bucket, "", None, &Position::Key(n.to_string()));
        let marker = Marker { exact: None, safe: None, writes: 0 };
        for n in 0..=MARKERS_MAX {
            markers.remember(end(n), marker.clone());
        }
        assert_eq!(markers.find(&end(0)), None);
        assert_eq!(markers.find(&end(1)), Some(marker.clone()));
        assert_eq!(markers.find(&PageEnd::new(&bucket, "", None, &Position::Prefix("1".to_owned()))), None);
        markers.forget(&bucket);
        assert_eq!(markers.find(&end(1)), None);
    }
}
