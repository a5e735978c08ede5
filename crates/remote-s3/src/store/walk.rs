//! How a listing goes forward, page by page, over services that do not all go on where they are told to.

use remote::{Pages, RemoteError};
use store::Position;
use types::KEY_MAX_BYTES;

/// Where an entry stands in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place<'a> {
    /// At a key; with the id of the version or the upload, where keys have several.
    Key(&'a str, Option<&'a str>),
    /// At a common prefix.
    Prefix(&'a str),
}

impl<'a> Place<'a> {
    /// The text that listings are ordered by.
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Key(text, _) | Self::Prefix(text) => text,
        }
    }
}

/// An entry of a listing.
pub(super) trait Placed {
    /// Where it stands.
    fn place(&self) -> Place<'_>;
}

/// A listing on its way. Each request goes on behind the last entry taken, so that what a service repeats is left out and
/// what it counted differently is not missed. The service's own token is used for pages that bring nothing: there may be
/// much that it passes over.
pub(super) struct Walk<T> {
    after: Option<Position>,
    /// The version or upload of the key in `after`.
    id: Option<String>,
    barren: Pages<T>,
}

impl<T: Clone + PartialEq> Walk<T> {
    /// A listing behind a position, and behind one entry of its key.
    pub(super) fn new(after: Option<Position>, id: Option<String>) -> Self {
        let id = id.filter(|_| matches!(after, Some(Position::Key(_))));
        Self { after, id, barren: Pages::new(None) }
    }

    /// The service's token, where the request is to go on with that.
    pub(super) fn token(&self) -> Option<&T> {
        self.barren.token()
    }

    /// The marker that the request is to go on behind, with the id.
    pub(super) fn marker(&self) -> Option<(String, Option<String>)> {
        Some((start_after(self.after.as_ref()?), self.id.clone()))
    }

    /// Takes the entries of a page, in order, that lie behind all those taken before, and tells how many these are.
    pub(super) fn take<E: Placed>(&mut self, mut found: Vec<E>, taken: &mut Vec<E>) -> usize {
        let told = found.iter().rposition(|entry| self.is_last(entry.place())).map_or(0, |last| last + 1);
        found.drain(..told);
        found.retain(|entry| self.is_behind(entry.place()));
        let Some(last) = found.last() else { return 0 };
        let (after, id) = match last.place() {
            Place::Key(key, id) => (Position::Key(key.to_owned()), id.map(str::to_owned)),
            Place::Prefix(prefix) => (Position::Prefix(prefix.to_owned()), None),
        };
        *self = Self::new(Some(after), id);
        let count = found.len();
        taken.extend(found);
        count
    }

    /// Goes on behind a page that brought `count` entries; `next` reads the service's token where there were none.
    ///
    /// # Errors
    /// `Malformed` where the listing does not come forward.
    pub(super) fn turn(
        &mut self,
        count: usize,
        next: impl FnOnce() -> Result<T, RemoteError>,
    ) -> Result<(), RemoteError> {
        if count == 0 {
            self.barren.turn(Some(next()?), 0)?;
        }
        Ok(())
    }

    /// Whether this is the very entry that the listing goes on behind.
    fn is_last(&self, place: Place<'_>) -> bool {
        match (&self.after, place) {
            (Some(Position::Key(after)), Place::Key(key, Some(id))) => {
                key == after && self.id.as_deref() == Some(id)
            }
            _ => false,
        }
    }

    fn is_behind(&self, place: Place<'_>) -> bool {
        match (&self.after, place) {
            (None, _) => true,
            (Some(Position::Key(after)), Place::Key(key, _)) => {
                key > after.as_str() || (key == after && self.id.is_some())
            }
            // Keys behind the marker may begin so.
            (Some(Position::Key(after)), Place::Prefix(prefix)) => {
                prefix > after.as_str() || after.starts_with(prefix)
            }
            (Some(Position::Prefix(after)), place) => {
                let text = place.text();
                let is_wider = matches!(place, Place::Prefix(_)) && text.len() < after.len();
                (is_wider && after.starts_with(text))
                    || (text > after.as_str() && !text.starts_with(after.as_str()))
            }
        }
    }
}

/// The marker behind which a listing goes on. Behind a prefix there is no last key: the largest text that a key could be
/// stands for it.
fn start_after(position: &Position) -> String {
    match position {
        Position::Key(key) => key.clone(),
        Position::Prefix(prefix) => {
            let mut marker = prefix.clone();
            while marker.len() + char::MAX.len_utf8() <= KEY_MAX_BYTES {
                marker.push(char::MAX);
            }
            marker
        }
    }
}

/// What a key folds to: up to and with the first delimiter behind the prefix.
pub(super) fn folded<'a>(key: &'a str, prefix: &str, delimiter: Option<&str>) -> Option<&'a str> {
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let place = key.strip_prefix(prefix)?.find(delimiter)?;
    Some(&key[..prefix.len() + place + delimiter.len()])
}

/// The common prefix that a position lies inside of, so that it may have keys behind the position.
pub(super) fn inside<'a>(after: &'a Position, prefix: &str, delimiter: Option<&str>) -> Option<&'a str> {
    match after {
        Position::Key(key) => folded(key, prefix, delimiter),
        Position::Prefix(whole) => folded(whole, prefix, delimiter).filter(|folded| folded != whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Placed for Place<'_> {
        fn place(&self) -> Place<'_> {
            *self
        }
    }

    /// What is taken of a page.
    fn taken<'a>(after: Position, id: Option<&str>, page: &[Place<'a>]) -> Vec<Place<'a>> {
        let mut taken = Vec::new();
        let count = Walk::<()>::new(Some(after), id.map(str::to_owned)).take(page.to_vec(), &mut taken);
        assert_eq!(count, taken.len());
        taken
    }

    #[test]
    fn what_a_service_repeats_is_left_out() {
        let behind = |prefix, after| !taken(after, None, &[Place::Prefix(prefix)]).is_empty();
        let (key, folded) =
            (|text: &str| Position::Key(text.to_owned()), |text: &str| Position::Prefix(text.to_owned()));
        assert!(behind("a/", folded("a/1")) && behind("a/", key("a/1")) && behind("b/", folded("a/")));
        assert!(!behind("a/", folded("a/")) && !behind("a/b/", folded("a/")) && !behind("a/", key("b")));
    }

    #[test]
    fn of_entries_of_one_key_those_behind_the_one_named_are_left() {
        let [first, second, third] = ["1", "2", "3"].map(|id| Place::Key("a", Some(id)));
        let (before, next) = (Place::Key("A", Some("9")), Place::Key("b", Some("4")));
        let page = [before, first, second, third, next];
        let after = || Position::Key("a".to_owned());
        assert_eq!(taken(after(), Some("2"), &page), [third, next]);
        assert_eq!(taken(after(), Some("3"), &page), [next]);
        assert_eq!(taken(after(), None, &page), [next]);
        // A service that goes on where it was told to does not show the one named.
        assert_eq!(taken(after(), Some("2"), &[third, next]), [third, next]);
    }

    #[test]
    fn a_walk_goes_on_behind_what_it_took_and_by_the_token_where_there_was_nothing() {
        let (mut walk, mut all) = (Walk::<u8>::new(None, None), Vec::new());
        assert_eq!((walk.marker(), walk.token()), (None, None));
        let count = walk.take(vec![Place::Key("a", Some("1"))], &mut all);
        walk.turn(count, || panic!("no token is needed")).unwrap();
        assert_eq!(walk.marker(), Some(("a".to_owned(), Some("1".to_owned()))));
        let count = walk.take(vec![Place::Key("a", Some("1"))], &mut all);
        walk.turn(count, || Ok(7)).unwrap();
        assert_eq!((walk.token(), all.len()), (Some(&7), 1));
        walk.turn(0, || Ok(7)).unwrap_err();
    }

    #[test]
    fn a_position_behind_a_prefix_lies_behind_all_its_keys() {
        let marker = start_after(&Position::Prefix("a/".to_owned()));
        assert!(marker.len() <= KEY_MAX_BYTES && marker.len() > KEY_MAX_BYTES - 4);
        assert!(marker.as_str() > "a/\u{10FFFF}\u{10FFFF}" && marker.as_str() < "a0");
    }

    #[test]
    fn a_position_lies_inside_of_what_it_folds_to() {
        let of = |after: &Position| inside(after, "", Some("/")).map(str::to_owned);
        let (key, prefix) =
            (|text: &str| Position::Key(text.into()), |text: &str| Position::Prefix(text.into()));
        assert_eq!(of(&key("a/")), Some("a/".to_owned()));
        assert_eq!(of(&prefix("a/1")), Some("a/".to_owned()));
        assert_eq!((of(&prefix("a/")), of(&key("a"))), (None, None));
    }

    #[test]
    fn keys_fold_behind_the_prefix() {
        assert_eq!(folded("a/b/c", "", Some("/")), Some("a/"));
        assert_eq!(folded("a/b/c", "a/", Some("/")), Some("a/b/"));
        assert_eq!((folded("a/b", "a/b", Some("/")), folded("a/b", "", None)), (None, None));
        assert_eq!(folded("b/c", "a", Some("/")), None);
    }
}
