use store::{ListEntry, ListObjects, ListPage, ObjectSummary, Position};

/// Makes a page of a listing out of keys in byte order, one by one, for providers that do not fold themselves.
///
/// Ask [`Fold::start`] where the provider's listing is to begin, give it the objects from there on in byte order, and
/// obey what it says to each; [`Fold::finish`] is the page.
#[derive(Debug)]
pub struct Fold {
    options: ListObjects,
    page: ListPage,
}

/// What to do after an object was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folded {
    /// Go on with the next one.
    Next,
    /// Everything that begins with this text is dealt with: the provider's listing may go on behind it.
    SkipPrefix(String),
    /// The page is full, and there is more: stop.
    Full,
}

impl Fold {
    /// A page by these options.
    #[must_use]
    pub fn new(options: ListObjects) -> Self {
        Self { options, page: ListPage::default() }
    }

    /// Where the listing is to go on: behind this. `None` is the beginning of the prefix.
    #[must_use]
    pub fn start(&self) -> Option<&Position> {
        self.options.after.as_ref()
    }

    /// Takes the next object.
    pub fn push(&mut self, object: ObjectSummary) -> Folded {
        self.page.entries.push(ListEntry::Object(object));
        Folded::Next
    }

    /// The page.
    #[must_use]
    pub fn finish(self) -> ListPage {
        self.page
    }
}
