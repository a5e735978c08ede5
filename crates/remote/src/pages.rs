use crate::{RemoteError, RemoteErrorKind};

/// How many pages in a row may bring nothing new. Services skip what is deleted or hidden, a page at a time.
const BARREN_PAGES_MAX: u32 = 1_000;
const CIRCLE: RemoteErrorKind =
    RemoteErrorKind::Malformed("a listing that does not go on where it is told to");
const BARREN: RemoteErrorKind = RemoteErrorKind::Malformed("a listing of nothing that does not end");

/// Where a service's listing goes on, page by page.
///
/// A service that ignores the token or marker of a request answers the same page again, with the same token, and would be
/// asked for ever. So a token that was there before is an error, and so are too many pages in a row that bring nothing new.
#[derive(Debug)]
pub struct Pages<T> {
    token: Option<T>,
    /// An earlier token, with which all later ones are compared. It moves on ever more slowly, so that a circle of any
    /// length is found with one token kept. Source: R. P. Brent, "An improved Monte Carlo factorization algorithm", 1980.
    mark: Option<T>,
    since_mark: u64,
    mark_after: u64,
    barren: u32,
}

impl<T: Clone + PartialEq> Pages<T> {
    /// A listing from its beginning on, or from behind `start`.
    #[must_use]
    pub fn new(start: Option<T>) -> Self {
        Self { mark: start.clone(), token: start, since_mark: 0, mark_after: 1, barren: 0 }
    }

    /// What the next page is asked for with; `None` is the beginning.
    #[must_use]
    pub fn token(&self) -> Option<&T> {
        self.token.as_ref()
    }

    /// Goes on at `next`, which a page named that brought `new_entries`. `Ok(false)` where it named none: the listing has
    /// ended.
    ///
    /// # Errors
    /// `Malformed` where the listing does not come forward.
    pub fn turn(&mut self, next: Option<T>, new_entries: usize) -> Result<bool, RemoteError> {
        self.barren = if new_entries == 0 { self.barren + 1 } else { 0 };
        let Some(next) = next else { return Ok(false) };
        if self.mark.as_ref() == Some(&next) {
            return Err(CIRCLE.into());
        }
        if self.barren > BARREN_PAGES_MAX {
            return Err(BARREN.into());
        }
        self.since_mark += 1;
        if self.since_mark == self.mark_after {
            self.mark = Some(next.clone());
            self.since_mark = 0;
            self.mark_after *= 2;
        }
        self.token = Some(next);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pages are asked for until the listing is found not to end.
    fn asked(start: Option<u64>, next: impl Fn(Option<u64>) -> Option<u64>, new_entries: usize) -> usize {
        let mut pages = Pages::new(start);
        for asked in 1..=100_000 {
            let next = next(pages.token().copied());
            match pages.turn(next, new_entries) {
                Ok(true) => {}
                Ok(false) => panic!("the listing has ended"),
                Err(error) => {
                    assert!(matches!(error.kind, RemoteErrorKind::Malformed(_)));
                    return asked;
                }
            }
        }
        panic!("asked for ever");
    }

    #[test]
    fn a_listing_that_comes_forward_is_read_to_its_end() {
        let mut pages = Pages::<u64>::new(None);
        let mut read = Vec::new();
        loop {
            let at = pages.token().copied().unwrap_or_default();
            read.push(at);
            if !pages.turn((at < 5_000).then_some(at + 1), 1).unwrap() {
                break;
            }
        }
        assert!(read.iter().copied().eq(0..=5_000));
    }

    #[test]
    fn a_service_that_ignores_where_to_go_on_is_noticed_at_once() {
        assert_eq!(asked(None, |_| Some(7), 1_000), 2);
        assert_eq!(asked(Some(7), |_| Some(7), 1_000), 1);
    }

    #[test]
    fn a_circle_of_any_length_is_noticed() {
        for length in [2, 3, 10, 1_000] {
            let circle = asked(None, |at| Some(at.map_or(0, |at| (at + 1) % length)), 1);
            assert!(circle as u64 <= 4 * length + 2, "{length}: {circle}");
        }
    }

    #[test]
    fn pages_of_nothing_are_bounded_and_others_are_not() {
        let mut pages = Pages::new(None);
        for at in 0..u64::from(BARREN_PAGES_MAX) {
            assert!(pages.turn(Some(at), 0).unwrap());
        }
        assert!(pages.turn(Some(1 << 40), 1).unwrap());
        assert_eq!(asked(None, |at| Some(at.unwrap_or_default() + 1), 0), BARREN_PAGES_MAX as usize + 1);
    }
}
