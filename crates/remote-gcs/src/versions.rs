use remote::Pages;
use store::{
    Bucket, ListEntry, ListObjects, ListVersions, Position, StoreError, StoreErrorKind, VersionEntry,
    VersionPage, VersionState, VersionSummary, Versioning,
};
use types::{Context, ObjectKey, VersionId};

use crate::api::failed;
use crate::found::{Found, Resource};
use crate::list::{Entry, Range, Versions, summary};
use crate::names::{RESERVED, is_reserved, successor};
use crate::store::GcsStore;

const LIST: &str = "list versions";
/// The most generations of one name that are put in order: they come oldest first and are told newest first.
const GENERATIONS_MAX: usize = 50_000;
/// The most names in a page of the service's.
const PAGE_MAX: usize = 1000;

/// All generations of one name.
struct Group {
    name: String,
    generations: Vec<Resource>,
}

/// A page of versions in the making.
struct Listing<'a> {
    options: &'a ListVersions,
    entries: Vec<Slot>,
    more: bool,
}

enum Slot {
    Prefix(String),
    Version { key: ObjectKey, found: Box<Found>, is_latest: bool },
}

impl Listing<'_> {
    fn is_full(&self) -> bool {
        self.entries.len() >= self.options.limit
    }

    /// Whether a generation lies before where the listing goes on.
    fn is_before(&self, name: &str, generation: i64) -> bool {
        match (&self.options.after, &self.options.after_version) {
            (None, _) => false,
            (Some(Position::Prefix(prefix)), _) => {
                name <= prefix.as_str() || name.starts_with(prefix.as_str())
            }
            (Some(Position::Key(key)), Some(VersionId::Id(after))) if name == key => {
                after.parse::<i64>().is_ok_and(|after| generation >= after)
            }
            (Some(Position::Key(key)), _) => name <= key.as_str(),
        }
    }

    fn fold(&self, name: &str) -> Option<String> {
        let delimiter = self.options.delimiter.as_deref()?;
        let behind = name.strip_prefix(self.options.prefix.as_str())?;
        let place = behind.find(delimiter)?;
        name.get(..self.options.prefix.len() + place + delimiter.len()).map(str::to_owned)
    }

    /// Takes a name with all its generations. Where it folds, the name to go on at.
    fn take(&mut self, group: Group) -> Option<String> {
        if let Some(prefix) = self.fold(&group.name) {
            if self.is_before(&group.name, i64::MIN) {
                return None;
            }
            self.push(Slot::Prefix(prefix.clone()));
            return successor(&prefix);
        }
        let Ok(key) = ObjectKey::new(&group.name) else { return None };
        let latest = |resource: &Resource| resource.time_deleted.is_none();
        let mut generations: Vec<(bool, Found)> = group
            .generations
            .into_iter()
            .filter_map(|resource| Some((latest(&resource), Found::from_resource(resource)?)))
            .collect();
        generations.sort_by_key(|(_, found)| std::cmp::Reverse(found.generation));
        for (is_latest, found) in generations {
            if !self.is_before(key.as_str(), found.generation) {
                self.push(Slot::Version { key: key.clone(), found: Box::new(found), is_latest });
            }
        }
        None
    }

    fn push(&mut self, slot: Slot) {
        if self.is_full() {
            self.more = true;
        } else {
            self.entries.push(slot);
        }
    }
}

impl GcsStore {
    pub(crate) async fn list_object_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        if bucket.versioning == Versioning::Off {
            return self.list_null_versions(cx, bucket, options).await;
        }
        let mut listing = Listing { options: &options, entries: Vec::new(), more: false };
        let start = match &options.after {
            None => Some(None),
            Some(Position::Key(key)) => Some(Some(key.clone())),
            Some(Position::Prefix(prefix)) => successor(prefix).map(Some),
        };
        if let Some(start) = start {
            self.walk_versions(cx, bucket, &mut listing, start).await?;
        }
        let more = listing.more;
        let entries = self.version_entries(bucket, listing.entries).await?;
        Ok(VersionPage { entries, more })
    }

    async fn walk_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        listing: &mut Listing<'_>,
        start: Option<String>,
    ) -> Result<(), StoreError> {
        let prefix = listing.options.prefix.as_str();
        let mut range = Range { prefix, start, versions: Versions::All, ..Range::default() };
        let mut pages = Pages::<String>::new(None);
        let mut group: Option<Group> = None;
        loop {
            let token = pages.token().map(String::as_str);
            let page = self.names(cx, bucket.name.as_str(), &range, (PAGE_MAX, token)).await?;
            let (mut jump, count) = (None, page.entries.len());
            for entry in page.entries {
                let Entry::Object(resource) = entry else { continue };
                if is_reserved(&resource.name) {
                    jump = group.take().and_then(|group| listing.take(group)).or_else(|| successor(RESERVED));
                    break;
                }
                jump = add(&mut group, *resource, listing)?;
                if jump.is_some() || listing.more {
                    break;
                }
            }
            if listing.more {
                return Ok(());
            }
            if jump.is_some() {
                (range.start, pages, group) = (jump, Pages::new(None), None);
            } else if !pages.turn(page.next, count).map_err(|error| failed(error, LIST))? {
                let jump = group.take().and_then(|group| listing.take(group));
                match jump {
                    // The last group folded: what lies behind its prefix was in no page yet.
                    Some(start) if !listing.more => (range.start, pages) = (Some(start), Pages::new(None)),
                    _ => return Ok(()),
                }
            }
        }
    }

    async fn version_entries(
        &self,
        bucket: &Bucket,
        slots: Vec<Slot>,
    ) -> Result<Vec<VersionEntry>, StoreError> {
        let mut objects = Vec::new();
        let mut shapes = Vec::with_capacity(slots.len());
        for slot in slots {
            match slot {
                Slot::Prefix(prefix) => shapes.push(Err(prefix)),
                Slot::Version { key, found, is_latest } => {
                    objects.push((key, *found));
                    shapes.push(Ok(is_latest));
                }
            }
        }
        let mut known = self.known_many(bucket, objects).await?.into_iter();
        let entry = |shape: Result<bool, String>| match shape {
            Err(prefix) => Some(VersionEntry::Prefix(prefix)),
            Ok(is_latest) => {
                let (key, known) = known.next()?;
                Some(VersionEntry::Version(VersionSummary {
                    key: key.clone(),
                    version_id: known.version_id(bucket).unwrap_or(VersionId::Null),
                    is_latest,
                    modified_at: known.modified_at(),
                    state: VersionState::Object(summary(key, &known)),
                }))
            }
        };
        Ok(shapes.into_iter().filter_map(entry).collect())
    }

    /// A bucket without versions: each object is its key's null version.
    async fn list_null_versions(
        &self,
        cx: &Context,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let ListVersions { prefix, delimiter, after, after_version: _, limit } = options;
        let page = self.list_objects(cx, bucket, ListObjects { prefix, delimiter, after, limit }).await?;
        let entry = |entry| match entry {
            ListEntry::Prefix(prefix) => VersionEntry::Prefix(prefix),
            ListEntry::Object(summary) => VersionEntry::Version(VersionSummary {
                key: summary.key.clone(),
                version_id: VersionId::Null,
                is_latest: true,
                modified_at: summary.modified_at,
                state: VersionState::Object(summary),
            }),
        };
        Ok(VersionPage { entries: page.entries.into_iter().map(entry).collect(), more: page.more })
    }
}

/// Adds a generation to its group; a group that another name ends is taken.
fn add(
    group: &mut Option<Group>,
    resource: Resource,
    listing: &mut Listing<'_>,
) -> Result<Option<String>, StoreError> {
    match group {
        Some(group) if group.name == resource.name => {
            if group.generations.len() >= GENERATIONS_MAX {
                return Err(StoreError::new(StoreErrorKind::Internal, LIST));
            }
            group.generations.push(resource);
            Ok(None)
        }
        _ => {
            let next = Group { name: resource.name.clone(), generations: vec![resource] };
            Ok(group.replace(next).and_then(|group| listing.take(group)))
        }
    }
}
