use store::{ListEntry, ListObjects, ListPage, ObjectSummary, Position};

/// Makes a page of a listing out of objects in byte order of keys, for providers that do not fold as S3 does.
///
/// The provider's listing is to begin at [`Fold::start`] or earlier; give its objects, one by one, to [`Fold::push`] and
/// obey what that says; [`Fold::finish`] is the page. A prefix that the provider has folded itself is given to
/// [`Fold::push_prefix`].
#[derive(Debug)]
pub struct Fold {
    options: ListObjects,
    entries: Vec<ListEntry>,
    more: bool,
}

/// What to do after an object was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folded {
    /// Go on with the next one.
    Next,
    /// Everything that begins with this text is dealt with: the provider's listing may go on behind all of it.
    SkipPrefix(String),
    /// The page is full, and there is more: stop.
    Full,
}

impl Fold {
    /// A page by these options.
    #[must_use]
    pub fn new(options: ListObjects) -> Self {
        Self { options, entries: Vec::new(), more: false }
    }

    /// Where the provider's listing is to go on: strictly behind this. `None` is the beginning of the prefix.
    #[must_use]
    pub fn start(&self) -> Option<&Position> {
        self.options.after.as_ref()
    }

    /// How many entries fit still. At least one object more than these has to be pushed to know whether there are more.
    #[must_use]
    pub fn room(&self) -> usize {
        self.options.limit.saturating_sub(self.entries.len())
    }

    /// Takes the next object. One outside the prefix, or not behind the start, is passed over.
    pub fn push(&mut self, object: ObjectSummary) -> Folded {
        let key = object.key.as_str();
        if !key.starts_with(&self.options.prefix) || !self.is_behind_start(key) {
            return Folded::Next;
        }
        match self.common_prefix(key).map(str::to_owned) {
            Some(prefix) => self.push_prefix(prefix),
            None if self.room() == 0 => self.full(),
            None => {
                self.entries.push(ListEntry::Object(object));
                Folded::Next
            }
        }
    }

    /// Takes a common prefix, which ends with the delimiter. Taking the same one again changes nothing.
    pub fn push_prefix(&mut self, prefix: String) -> Folded {
        let behind = match &self.options.after {
            Some(Position::Prefix(after)) if *after != prefix && after.starts_with(&prefix) => true,
            Some(Position::Prefix(after)) => prefix > *after && !prefix.starts_with(after.as_str()),
            // A marker inside the prefix leaves what lies behind it, which folds into this prefix again.
            Some(Position::Key(after)) => prefix > *after || after.starts_with(&prefix),
            None => true,
        };
        let repeated = matches!(self.entries.last(), Some(ListEntry::Prefix(last)) if *last == prefix);
        if !behind || !prefix.starts_with(&self.options.prefix) || repeated {
            return Folded::SkipPrefix(prefix);
        }
        if self.room() == 0 {
            return self.full();
        }
        self.entries.push(ListEntry::Prefix(prefix.clone()));
        Folded::SkipPrefix(prefix)
    }

    /// The page.
    #[must_use]
    pub fn finish(self) -> ListPage {
        ListPage { entries: self.entries, more: self.more }
    }

    fn full(&mut self) -> Folded {
        self.more = true;
        Folded::Full
    }

    fn is_behind_start(&self, key: &str) -> bool {
        match &self.options.after {
            None => true,
            Some(Position::Key(after)) => key > after.as_str(),
            Some(Position::Prefix(after)) => key > after.as_str() && !key.starts_with(after.as_str()),
        }
    }

    /// What the key folds to: up to and with the first delimiter behind the prefix.
    fn common_prefix<'a>(&self, key: &'a str) -> Option<&'a str> {
        let delimiter = self.options.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?;
        let place = key[self.options.prefix.len()..].find(delimiter)?;
        Some(&key[..self.options.prefix.len() + place + delimiter.len()])
    }
}

#[cfg(test)]
mod tests {
    use types::{ETag, ObjectKey, StorageClass, Timestamp};

    use super::*;

    fn object(key: &str) -> ObjectSummary {
        ObjectSummary {
            key: ObjectKey::new(key).unwrap(),
            etag: ETag::from_md5([0; 16]),
            size_bytes: 0,
            modified_at: Timestamp::default(),
            storage_class: StorageClass::Standard,
            checksum: None,
        }
    }

    fn names(page: &ListPage) -> Vec<String> {
        let name = |entry: &ListEntry| match entry {
            ListEntry::Object(object) => object.key.as_str().to_owned(),
            ListEntry::Prefix(prefix) => format!("{prefix}*"),
        };
        page.entries.iter().map(name).collect()
    }

    const KEYS: [&str; 8] = ["a", "a/1", "a/2/x", "a/2/y", "a0", "b", "b/1", "\u{e4}/1"];

    /// All keys through a fold, obeying what it says.
    fn page(options: ListObjects) -> (Vec<String>, bool) {
        let mut fold = Fold::new(options);
        let mut skipped: Option<String> = None;
        for key in KEYS {
            if skipped.as_ref().is_some_and(|prefix| key.starts_with(prefix.as_str())) {
                continue;
            }
            match fold.push(object(key)) {
                Folded::Next => {}
                Folded::SkipPrefix(prefix) => skipped = Some(prefix),
                Folded::Full => break,
            }
        }
        let page = fold.finish();
        (names(&page), page.more)
    }

    fn options(prefix: &str, after: Option<Position>, limit: usize) -> ListObjects {
        ListObjects { prefix: prefix.to_owned(), delimiter: Some("/".to_owned()), after, limit }
    }

    #[test]
    fn keys_fold_behind_the_prefix() {
        assert_eq!(page(options("", None, 9)).0, ["a", "a/*", "a0", "b", "b/*", "\u{e4}/*"]);
        assert_eq!(page(options("a/", None, 9)).0, ["a/1", "a/2/*"]);
        let flat = ListObjects { limit: 9, ..ListObjects::default() };
        assert_eq!(page(flat).0, KEYS);
    }

    #[test]
    fn a_page_is_full_at_its_limit_and_says_whether_there_is_more() {
        assert_eq!(page(options("", None, 2)), (vec!["a".to_owned(), "a/*".to_owned()], true));
        assert!(!page(options("a/", None, 2)).1);
        assert_eq!(page(options("", None, 0)), (vec![], true));
        assert_eq!(page(options("c", None, 0)), (vec![], false));
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let (names, more) = page(options("", after.take(), 1));
            let Some(name) = names.first() else { break };
            after = Some(match name.strip_suffix('*') {
                Some(prefix) => Position::Prefix(prefix.to_owned()),
                None => Position::Key(name.clone()),
            });
            all.extend(names);
            if !more {
                break;
            }
        }
        assert_eq!(all, page(options("", None, 9)).0);
    }

    #[test]
    fn a_marker_inside_a_prefix_leaves_the_rest_of_it() {
        let after = |key: &str| Some(Position::Key(key.to_owned()));
        assert_eq!(page(options("", after("a/1"), 9)).0, ["a/*", "a0", "b", "b/*", "\u{e4}/*"]);
        assert_eq!(page(options("", after("a/9"), 9)).0, ["a0", "b", "b/*", "\u{e4}/*"]);
    }
}
