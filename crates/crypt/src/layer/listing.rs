use async_trait::async_trait;
use store::{
    Bucket, ListEntry, ListObjects, ListUploads, ListVersions, Position, SharedStore, StoreError,
    StoreErrorKind, UploadEntry, VersionEntry,
};
use types::{Context, ObjectKey};

use super::core::Core;
use crate::names::NameCipher;

/// The only delimiter that encrypted names know.
const FOLDERS: &str = "/";

/// Entries asked for at once where some were left out, so that a small page is not as many requests as there are such.
const HIDING_PAGE: usize = 1000;

/// The name of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Key(&'a str),
    Prefix(&'a str),
}

impl<'a> Name<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Key(text) | Self::Prefix(text) => text,
        }
    }
}

/// A listing of names: of objects, versions or uploads.
#[async_trait]
pub(super) trait Listing: Clone + Send + Sync + 'static {
    type Entry: Send + Sync;

    fn fields(&mut self) -> Fields<'_>;
    fn prefix(&self) -> &str;
    fn limit(&self) -> usize;
    /// The listing behind an entry.
    fn behind(self, entry: &Self::Entry) -> Self;
    fn name(entry: &Self::Entry) -> Name<'_>;
    /// The entry under another name; `None` where that is none.
    fn renamed(entry: Self::Entry, name: String) -> Option<Self::Entry>;
    async fn page(
        self,
        inner: &SharedStore,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<(Vec<Self::Entry>, bool), StoreError>;
}

/// What all listings have.
pub(super) struct Fields<'a> {
    prefix: &'a mut String,
    delimiter: &'a mut Option<String>,
    after: &'a mut Option<Position>,
    limit: &'a mut usize,
}

macro_rules! fields {
    () => {
        fn fields(&mut self) -> Fields<'_> {
            Fields {
                prefix: &mut self.prefix,
                delimiter: &mut self.delimiter,
                after: &mut self.after,
                limit: &mut self.limit,
            }
        }

        fn prefix(&self) -> &str {
            &self.prefix
        }

        fn limit(&self) -> usize {
            self.limit
        }
    };
}

#[async_trait]
impl Listing for ListObjects {
    type Entry = ListEntry;

    fields!();

    fn behind(mut self, entry: &ListEntry) -> Self {
        self.after = Some(match entry {
            ListEntry::Object(object) => Position::Key(object.key.as_str().to_owned()),
            ListEntry::Prefix(prefix) => Position::Prefix(prefix.clone()),
        });
        self
    }

    fn name(entry: &ListEntry) -> Name<'_> {
        match entry {
            ListEntry::Object(object) => Name::Key(object.key.as_str()),
            ListEntry::Prefix(prefix) => Name::Prefix(prefix),
        }
    }

    fn renamed(entry: ListEntry, name: String) -> Option<ListEntry> {
        Some(match entry {
            ListEntry::Object(object) => {
                ListEntry::Object(store::ObjectSummary { key: ObjectKey::new(&name).ok()?, ..object })
            }
            ListEntry::Prefix(_) => ListEntry::Prefix(name),
        })
    }

    async fn page(
        self,
        inner: &SharedStore,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<(Vec<ListEntry>, bool), StoreError> {
        let page = inner.list(cx, bucket, self).await?;
        Ok((page.entries, page.more))
    }
}

#[async_trait]
impl Listing for ListVersions {
    type Entry = VersionEntry;

    fields!();

    fn behind(mut self, entry: &VersionEntry) -> Self {
        (self.after, self.after_version) = match entry {
            VersionEntry::Version(version) => {
                let key = Position::Key(version.key.as_str().to_owned());
                (Some(key), Some(version.version_id.clone()))
            }
            VersionEntry::Prefix(prefix) => (Some(Position::Prefix(prefix.clone())), None),
        };
        self
    }

    fn name(entry: &VersionEntry) -> Name<'_> {
        match entry {
            VersionEntry::Version(version) => Name::Key(version.key.as_str()),
            VersionEntry::Prefix(prefix) => Name::Prefix(prefix),
        }
    }

    fn renamed(entry: VersionEntry, name: String) -> Option<VersionEntry> {
        Some(match entry {
            VersionEntry::Prefix(_) => VersionEntry::Prefix(name),
            VersionEntry::Version(mut version) => {
                version.key = ObjectKey::new(&name).ok()?;
                if let store::VersionState::Object(object) = &mut version.state {
                    object.key = version.key.clone();
                }
                VersionEntry::Version(version)
            }
        })
    }

    async fn page(
        self,
        inner: &SharedStore,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<(Vec<VersionEntry>, bool), StoreError> {
        let page = inner.list_versions(cx, bucket, self).await?;
        Ok((page.entries, page.more))
    }
}

#[async_trait]
impl Listing for ListUploads {
    type Entry = UploadEntry;

    fields!();

    fn behind(mut self, entry: &UploadEntry) -> Self {
        (self.after, self.after_upload) = match entry {
            UploadEntry::Upload(upload) => {
                let key = Position::Key(upload.key.as_str().to_owned());
                (Some(key), Some(upload.upload_id.clone()))
            }
            UploadEntry::Prefix(prefix) => (Some(Position::Prefix(prefix.clone())), None),
        };
        self
    }

    fn name(entry: &UploadEntry) -> Name<'_> {
        match entry {
            UploadEntry::Upload(upload) => Name::Key(upload.key.as_str()),
            UploadEntry::Prefix(prefix) => Name::Prefix(prefix),
        }
    }

    fn renamed(entry: UploadEntry, name: String) -> Option<UploadEntry> {
        Some(match entry {
            UploadEntry::Prefix(_) => UploadEntry::Prefix(name),
            UploadEntry::Upload(upload) => {
                UploadEntry::Upload(store::UploadSummary { key: ObjectKey::new(&name).ok()?, ..upload })
            }
        })
    }

    async fn page(
        self,
        inner: &SharedStore,
        cx: &Context,
        bucket: &Bucket,
    ) -> Result<(Vec<UploadEntry>, bool), StoreError> {
        let page = inner.list_uploads(cx, bucket, self).await?;
        Ok((page.entries, page.more))
    }
}

/// One page as callers see it, each entry with the name under which it is stored.
pub(super) struct Visible<E> {
    pub(super) entries: Vec<(E, String)>,
    pub(super) more: bool,
}

/// Whether entries that are not shown may stand in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hidden {
    None,
    Possibly,
}

struct Gathered<L: Listing> {
    entries: Vec<(L::Entry, String)>,
    /// The listing behind what was looked at, where there is more; with nothing hidden, some of it is shown.
    rest: Option<(L, Hidden)>,
}

impl Core {
    /// One page without the layer's own keys, under plain names.
    pub(super) async fn visible<L: Listing>(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: L,
    ) -> Result<Visible<L::Entry>, StoreError> {
        let names = self.names(cx, bucket).await?;
        let plain_prefix = options.prefix().to_owned();
        let limit = options.limit();
        let stored = match &names {
            Some(names) => stored_listing(options, names)?,
            None => options,
        };
        let view = View { names, plain_prefix };
        let mut page = self.visible_stored(cx, bucket, stored, &view, limit.max(1)).await?;
        if limit == 0 {
            page.more = !page.entries.is_empty();
            page.entries.clear();
        }
        Ok(page)
    }

    async fn visible_stored<L: Listing>(
        &self,
        cx: &Context,
        bucket: &Bucket,
        listing: L,
        view: &View,
        limit: usize,
    ) -> Result<Visible<L::Entry>, StoreError> {
        let Gathered { entries, rest } = self.gather(cx, bucket, listing, (view, limit)).await?;
        let more = match rest {
            None => false,
            Some((_, Hidden::None)) => true,
            // What is left may be nothing that is shown.
            Some((rest, Hidden::Possibly)) => self.shows(cx, bucket, rest, view).await?,
        };
        Ok(Visible { entries, more })
    }

    /// Whether a listing in stored names has anything that is not the layer's own.
    pub(super) async fn holds<L: Listing>(
        &self,
        cx: &Context,
        bucket: &Bucket,
        listing: L,
    ) -> Result<bool, StoreError> {
        let as_stored = View { names: None, plain_prefix: String::new() };
        self.shows(cx, bucket, listing, &as_stored).await
    }

    /// Whether a listing shows anything.
    async fn shows<L: Listing>(
        &self,
        cx: &Context,
        bucket: &Bucket,
        listing: L,
        view: &View,
    ) -> Result<bool, StoreError> {
        let found = Box::pin(self.gather(cx, bucket, listing, (view, 1))).await?;
        Ok(!found.entries.is_empty())
    }

    /// As many entries as are asked for, or all that there are, and where the store has more that may be shown. What is known
    /// to be shown behind them is not kept: the caller goes on behind the last that it got.
    async fn gather<L: Listing>(
        &self,
        cx: &Context,
        bucket: &Bucket,
        mut next: L,
        (view, limit): (&View, usize),
    ) -> Result<Gathered<L>, StoreError> {
        let mut entries = Vec::new();
        let large = limit.max(HIDING_PAGE);
        // One more than is wanted tells at once whether there is more.
        let mut hiding_page = limit.saturating_add(1).min(large);
        loop {
            *next.fields().limit = if view.hides() { hiding_page } else { limit - entries.len() };
            hiding_page = large;
            let (page, more) = next.clone().page(&self.inner, cx, bucket).await?;
            let Some(last) = page.last() else { return Ok(Gathered { entries, rest: None }) };
            let behind = next.clone().behind(last);
            let hides = view.hides() || self.own_ahead(bucket, &next, L::name(last).text());
            for entry in page {
                if self.is_own(cx, bucket, &next, L::name(&entry)).await? {
                    continue;
                }
                let stored = L::name(&entry).text().to_owned();
                let Some(entry) = view.of::<L>(entry) else { continue };
                if entries.len() == limit {
                    // One more than asked for: there is more, and nothing of it is needed.
                    return Ok(Gathered { entries, rest: Some((behind, Hidden::None)) });
                }
                entries.push((entry, stored));
            }
            if !more {
                return Ok(Gathered { entries, rest: None });
            }
            next = behind;
            if entries.len() >= limit {
                let hidden = if hides { Hidden::Possibly } else { Hidden::None };
                return Ok(Gathered { entries, rest: Some((next, hidden)) });
            }
        }
    }

    /// Whether keys of the layer's own may lie behind an entry.
    fn own_ahead<L: Listing>(&self, bucket: &Bucket, listing: &L, last: &str) -> bool {
        let (own, prefix) = (self.reserved.prefix.as_str(), listing.prefix());
        let within = own.starts_with(prefix) || prefix.starts_with(own);
        within && (last < own || !self.inner.capabilities(bucket).ordered_listing.is_yes())
    }

    /// Whether an entry is the layer's own, or folds nothing but such.
    async fn is_own<L: Listing>(
        &self,
        cx: &Context,
        bucket: &Bucket,
        listing: &L,
        name: Name<'_>,
    ) -> Result<bool, StoreError> {
        let own = self.reserved.prefix.as_str();
        match name {
            Name::Key(text) | Name::Prefix(text) if text.starts_with(own) => Ok(true),
            Name::Prefix(prefix) if own.starts_with(prefix) => {
                let mut unfolded = listing.clone();
                let fields = unfolded.fields();
                *fields.prefix = prefix.to_owned();
                *fields.delimiter = None;
                Ok(!self.holds(cx, bucket, unfolded).await?)
            }
            _ => Ok(false),
        }
    }
}

/// How stored names are seen.
struct View {
    names: Option<NameCipher>,
    plain_prefix: String,
}

impl View {
    /// An entry under its plain name; `None` where it has none, or one that was not asked for.
    fn of<L: Listing>(&self, entry: L::Entry) -> Option<L::Entry> {
        let Some(names) = &self.names else { return Some(entry) };
        let plain = names.decrypt(L::name(&entry).text()).ok()?;
        if plain.starts_with(&self.plain_prefix) { L::renamed(entry, plain) } else { None }
    }

    /// Whether entries may be left out.
    fn hides(&self) -> bool {
        self.names.is_some()
    }
}

/// A listing in stored names: of the folder that the prefix lies in.
fn stored_listing<L: Listing>(mut listing: L, names: &NameCipher) -> Result<L, StoreError> {
    let fields = listing.fields();
    if fields.delimiter.as_deref().is_some_and(|delimiter| delimiter != FOLDERS) {
        let why = "with encrypted names, a listing folds at \"/\" only";
        return Err(StoreError::new(StoreErrorKind::Unsupported(why), "list"));
    }
    *fields.prefix = names.encrypt_folder(fields.prefix);
    *fields.after = match fields.after.take() {
        Some(Position::Key(key)) => ObjectKey::new(&key)
            .ok()
            .and_then(|key| names.encrypt(&key, "list").ok())
            .map(|key| Position::Key(key.as_str().to_owned())),
        Some(Position::Prefix(prefix)) => Some(Position::Prefix(names.encrypt_folder(&prefix))),
        None => None,
    };
    Ok(listing)
}
