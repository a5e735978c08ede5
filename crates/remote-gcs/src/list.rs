use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use remote::{Pages, RemoteErrorKind};
use serde::Deserialize;
use store::{Bucket, ListEntry, ListObjects, ListPage, ObjectSummary, Position, StoreError};
use types::{Context, ObjectKey};

use crate::api::{Query, bucket_path, failed};
use crate::buckets::no_bucket;
use crate::found::{FIELDS, Found, Resource};
use crate::identity::Known;
use crate::names::{RESERVED, is_reserved, successor};
use crate::store::GcsStore;
use crate::walks::{Place, Resumption};

const LIST: &str = "list objects";
/// The most entries in a page of the service's. Source: "Objects: list" of the JSON API.
const PAGE_MAX: usize = 1000;

/// Whether the endpoint folds listings as documented. Until it has shown that it does not, it is taken to.
#[derive(Debug, Default)]
pub(crate) struct Folding(AtomicBool);

impl Folding {
    fn is_native(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }

    fn give_up(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A page as the service gives it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    items: Vec<Resource>,
    #[serde(default)]
    prefixes: Vec<String>,
    next_page_token: Option<String>,
}

/// Which names to ask for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Range<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) delimiter: Option<&'a str>,
    /// The first name, inclusive.
    pub(crate) start: Option<String>,
    /// One past the last name.
    pub(crate) end: Option<&'a str>,
    pub(crate) versions: Versions,
}

impl Range<'_> {
    /// Whether an entry lies before the range. A folded prefix may reach into it.
    fn begins_behind(&self, entry: &Entry) -> bool {
        let is_around = |start: &str| matches!(entry, Entry::Prefix(prefix) if start.starts_with(prefix));
        self.start.as_deref().is_some_and(|start| entry.name() < start && !is_around(start))
    }
}

/// Which generations to ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Versions {
    #[default]
    Live,
    All,
}

/// One entry of a page.
pub(crate) enum Entry {
    Object(Box<Resource>),
    Prefix(String),
}

impl Entry {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Object(resource) => &resource.name,
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// A page of entries in order, and the token of the next.
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Option<String>,
}

/// What one walk over the service's pages does next.
enum Step {
    Next,
    /// Goes on at this name, or ends where there is none.
    Jump(Option<String>),
    Full,
}

/// A page in the making.
struct Listing<'a> {
    options: &'a ListObjects,
    found: Vec<Entry>,
    more: bool,
}

impl Listing<'_> {
    /// Whether an entry lies before where the listing goes on.
    fn is_before(&self, name: &str) -> bool {
        match &self.options.after {
            None => false,
            Some(Position::Key(key)) => name <= key.as_str(),
            Some(Position::Prefix(prefix)) => name <= prefix.as_str() || name.starts_with(prefix.as_str()),
        }
    }

    fn push(&mut self, entry: Entry) -> Step {
        if self.found.len() >= self.options.limit {
            self.more = true;
            return Step::Full;
        }
        self.found.push(entry);
        Step::Next
    }

    /// The common prefix that a name folds into.
    fn fold<'n>(&self, name: &'n str) -> Option<&'n str> {
        let delimiter = self.options.delimiter.as_deref()?;
        let behind = name.strip_prefix(self.options.prefix.as_str())?;
        let place = behind.find(delimiter)?;
        name.get(..self.options.prefix.len() + place + delimiter.len())
    }
}

impl GcsStore {
    /// One page of names from the service.
    pub(crate) async fn names(
        &self,
        cx: &Context,
        bucket: &str,
        range: &Range<'_>,
        (limit, token): (usize, Option<&str>),
    ) -> Result<Page, StoreError> {
        let query = Query::new()
            .with("prefix", range.prefix)
            .with_some("delimiter", range.delimiter)
            .with_some("startOffset", range.start.as_deref())
            .with_some("endOffset", range.end)
            .with_some("versions", (range.versions == Versions::All).then_some("true"))
            .with("maxResults", limit.clamp(1, PAGE_MAX))
            .with("projection", "noAcl")
            .with("fields", format!("items({FIELDS}),prefixes,nextPageToken"))
            .with_some("pageToken", token);
        let path = format!("{}/o", bucket_path(bucket));
        let request = self.api.request(Method::GET, &path, &query).map_err(|error| failed(error, LIST))?;
        let asked = self.api.ask_json::<Answer>(cx, request).await.map_err(|error| failed(error, LIST))?;
        let answer =
            asked.map_err(
                |refusal| {
                    if refusal.is_missing() { no_bucket(LIST) } else { refusal.into_store(LIST) }
                },
            )?;
        let objects = answer.items.into_iter().map(|item| Entry::Object(Box::new(item)));
        let mut entries: Vec<Entry> = objects.chain(answer.prefixes.into_iter().map(Entry::Prefix)).collect();
        // Within a page objects and prefixes come apart.
        entries.sort_by(|a, b| a.name().cmp(b.name()));
        if entries.first().is_some_and(|first| range.begins_behind(first)) {
            const BEFORE: RemoteErrorKind =
                RemoteErrorKind::Malformed("a listing that does not begin where it is told to");
            return Err(failed(BEFORE.into(), LIST));
        }
        Ok(Page { entries, next: answer.next_page_token.filter(|token| !token.is_empty()) })
    }

    pub(crate) async fn list_objects(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListObjects,
    ) -> Result<ListPage, StoreError> {
        let name = bucket.name.as_str();
        let place = options.after.clone().map(|after| Place::new(name, &options, after));
        let resumed = place.as_ref().and_then(|place| self.walks.recall(place));
        let is_resumed = resumed.is_some();
        let mut listing = Listing { options: &options, found: Vec::new(), more: false };
        let walked = self.walk(cx, name, &mut listing, resumed).await;
        match (walked, place) {
            // A token that the service no longer takes: the name will do.
            (Err(_), Some(place)) if is_resumed => {
                self.walks.forget(&place);
                listing = Listing { options: &options, found: Vec::new(), more: false };
                self.walk(cx, name, &mut listing, None).await?;
            }
            (walked, _) => walked?,
        }
        let more = listing.more;
        let entries = self.summaries(bucket, listing.found).await?;
        Ok(ListPage { entries, more })
    }

    async fn walk(
        &self,
        cx: &Context,
        bucket: &str,
        listing: &mut Listing<'_>,
        resumed: Option<Resumption>,
    ) -> Result<(), StoreError> {
        let start = match &resumed {
            Some(resumed) => Some(resumed.start.clone()),
            None => self.begin(cx, bucket, listing).await?,
        };
        let Some(start) = start else { return Ok(()) };
        let token = resumed.map(|resumed| resumed.token);
        if listing.options.delimiter.is_some() && self.folding.is_native() {
            if self.walk_folded(cx, bucket, listing, (start, token)).await? {
                return Ok(());
            }
            self.folding.give_up();
            listing.found.clear();
            let start = self.begin(cx, bucket, listing).await?;
            return match start {
                Some(start) => self.walk_flat(cx, bucket, listing, (start, None)).await,
                None => Ok(()),
            };
        }
        self.walk_flat(cx, bucket, listing, (start, token)).await
    }

    /// Ends a page that is full just where the service's is: its token tells that there is more.
    fn end_page(
        &self,
        bucket: &str,
        listing: &mut Listing<'_>,
        start: &Option<String>,
        token: &Option<String>,
    ) -> bool {
        let (Some(last), Some(token)) = (listing.found.last(), token) else { return false };
        if listing.found.len() < listing.options.limit {
            return false;
        }
        let after = match last {
            Entry::Object(resource) => Position::Key(resource.name.clone()),
            Entry::Prefix(prefix) => Position::Prefix(prefix.clone()),
        };
        listing.more = true;
        let resumption = Resumption { start: start.clone(), token: token.clone() };
        self.walks.remember(Place::new(bucket, listing.options, after), resumption);
        true
    }

    /// Where the listing begins: at a name, or at the very beginning. `None` where nothing lies behind its position.
    ///
    /// A position within a common prefix is dealt with here: whether any key of the prefix lies behind it is asked for,
    /// rather than relying on how the service folds around a beginning.
    async fn begin(
        &self,
        cx: &Context,
        bucket: &str,
        listing: &mut Listing<'_>,
    ) -> Result<Option<Option<String>>, StoreError> {
        let start = match &listing.options.after {
            None => return Ok(Some(None)),
            Some(Position::Key(key)) => Some(key.clone()),
            Some(Position::Prefix(prefix)) => successor(prefix),
        };
        let Some(start) = start else { return Ok(None) };
        let Some(folded) = listing.fold(&start).filter(|folded| !is_reserved(folded)) else {
            return Ok(Some(Some(start)));
        };
        let folded = folded.to_owned();
        let range = Range { prefix: &folded, start: Some(start.clone()), ..Range::default() };
        let page = self.names(cx, bucket, &range, (2, None)).await?;
        if page.entries.iter().any(|entry| !listing.is_before(entry.name())) {
            listing.push(Entry::Prefix(folded.clone()));
        }
        Ok(successor(&folded).map(Some))
    }

    /// Lets the service fold. `false` where it does not do it as documented.
    async fn walk_folded(
        &self,
        cx: &Context,
        bucket: &str,
        listing: &mut Listing<'_>,
        (start, token): (Option<String>, Option<String>),
    ) -> Result<bool, StoreError> {
        let options = listing.options;
        let delimiter = options.delimiter.as_deref();
        let mut range = Range { prefix: &options.prefix, delimiter, start, ..Range::default() };
        let mut pages = Pages::new(token);
        loop {
            // One more than wanted tells whether there are more; one more yet, since the first may be the position.
            let limit = (options.limit + 2 - listing.found.len()).min(PAGE_MAX);
            let page = self.names(cx, bucket, &range, (limit, pages.token().map(String::as_str))).await?;
            let ends = |entry: &Entry| match entry {
                Entry::Prefix(prefix) => delimiter.is_none_or(|delimiter| prefix.ends_with(delimiter)),
                Entry::Object(_) => true,
            };
            if page.entries.len() > limit || !page.entries.iter().all(ends) {
                return Ok(false);
            }
            let (mut step, count) = (Step::Next, page.entries.len());
            for entry in page.entries {
                step = self.take_folded(cx, bucket, listing, entry).await?;
                if !matches!(step, Step::Next) {
                    break;
                }
            }
            match step {
                Step::Full => return Ok(true),
                Step::Jump(None) => return Ok(true),
                Step::Jump(start) => (range.start, pages) = (start, Pages::new(None)),
                Step::Next if page.next.is_none() => return Ok(true),
                Step::Next if self.end_page(bucket, listing, &range.start, &page.next) => return Ok(true),
                Step::Next => drop(pages.turn(page.next, count).map_err(|error| failed(error, LIST))?),
            }
        }
    }

    async fn take_folded(
        &self,
        cx: &Context,
        bucket: &str,
        listing: &mut Listing<'_>,
        entry: Entry,
    ) -> Result<Step, StoreError> {
        if listing.is_before(entry.name()) {
            return Ok(Step::Next);
        }
        if is_reserved(entry.name()) {
            return Ok(Step::Jump(successor(RESERVED)));
        }
        if let Entry::Prefix(prefix) = &entry
            && RESERVED.starts_with(prefix.as_str())
            && !self.holds_more(cx, bucket, prefix).await?
        {
            return Ok(Step::Next);
        }
        Ok(listing.push(entry))
    }

    /// Whether there is anything under a prefix of the reserved one beside what is reserved.
    async fn holds_more(&self, cx: &Context, bucket: &str, prefix: &str) -> Result<bool, StoreError> {
        let before = Range { prefix, end: Some(RESERVED), ..Range::default() };
        if !self.names(cx, bucket, &before, (1, None)).await?.entries.is_empty() {
            return Ok(true);
        }
        let behind = Range { prefix, start: successor(RESERVED), ..Range::default() };
        Ok(!self.names(cx, bucket, &behind, (1, None)).await?.entries.is_empty())
    }

    /// Folds here, where the service does not or nothing is to be folded.
    async fn walk_flat(
        &self,
        cx: &Context,
        bucket: &str,
        listing: &mut Listing<'_>,
        (start, token): (Option<String>, Option<String>),
    ) -> Result<(), StoreError> {
        let options = listing.options;
        let mut range = Range { prefix: &options.prefix, start, ..Range::default() };
        let mut pages = Pages::new(token);
        loop {
            let limit = (options.limit + 2 - listing.found.len()).min(PAGE_MAX);
            let page = self.names(cx, bucket, &range, (limit, pages.token().map(String::as_str))).await?;
            let (mut step, count) = (Step::Next, page.entries.len());
            for entry in page.entries {
                step = take_flat(listing, entry);
                if !matches!(step, Step::Next) {
                    break;
                }
            }
            match step {
                Step::Full | Step::Jump(None) => return Ok(()),
                Step::Jump(start) => (range.start, pages) = (start, Pages::new(None)),
                Step::Next if page.next.is_none() => return Ok(()),
                Step::Next if self.end_page(bucket, listing, &range.start, &page.next) => return Ok(()),
                Step::Next => drop(pages.turn(page.next, count).map_err(|error| failed(error, LIST))?),
            }
        }
    }

    /// Adds to each object what the ledger holds of it.
    async fn summaries(&self, bucket: &Bucket, found: Vec<Entry>) -> Result<Vec<ListEntry>, StoreError> {
        let mut objects = Vec::new();
        let mut entries = Vec::with_capacity(found.len());
        for entry in found {
            match entry {
                Entry::Prefix(prefix) => entries.push(Some(ListEntry::Prefix(prefix))),
                Entry::Object(resource) => {
                    let name = resource.name.clone();
                    let Some((key, found)) = ObjectKey::new(&name).ok().zip(Found::from_resource(*resource))
                    else {
                        tracing::warn!(bucket = %bucket.name, name, "an object that cannot be listed is left out");
                        continue;
                    };
                    objects.push((key, found));
                    entries.push(None);
                }
            }
        }
        let mut summaries = self.known_many(bucket, objects).await?.into_iter();
        let fill = |entry: Option<ListEntry>| {
            entry.or_else(|| summaries.next().map(|(key, known)| ListEntry::Object(summary(key, &known))))
        };
        Ok(entries.into_iter().filter_map(fill).collect())
    }

    /// Adds to objects what the ledger holds of them.
    pub(crate) async fn known_many(
        &self,
        bucket: &Bucket,
        objects: Vec<(ObjectKey, Found)>,
    ) -> Result<Vec<(ObjectKey, Known)>, StoreError> {
        let wanted: Vec<(ObjectKey, String)> =
            objects.iter().map(|(key, found)| (key.clone(), found.generation.to_string())).collect();
        let records = self.ledger.identities(&bucket.name, &wanted).await?;
        let join = |((key, found), record)| (key, Known::new(found, record));
        Ok(objects.into_iter().zip(records).map(join).collect())
    }
}

fn take_flat(listing: &mut Listing<'_>, entry: Entry) -> Step {
    if is_reserved(entry.name()) {
        return Step::Jump(successor(RESERVED));
    }
    if listing.is_before(entry.name()) {
        return Step::Next;
    }
    let Some(folded) = listing.fold(entry.name()).map(str::to_owned) else {
        return listing.push(entry);
    };
    let behind = successor(&folded);
    match listing.push(Entry::Prefix(folded)) {
        Step::Next => Step::Jump(behind),
        other => other,
    }
}

/// An object as a listing shows it.
pub(crate) fn summary(key: ObjectKey, known: &Known) -> ObjectSummary {
    ObjectSummary {
        key,
        etag: known.etag.clone(),
        size_bytes: known.found.size_bytes,
        modified_at: known.modified_at(),
        storage_class: known.said.storage_class,
        checksum: known.checksum.map(|checksum| (checksum.algorithm, checksum.kind)),
    }
}
