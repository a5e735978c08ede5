use std::cmp::Ordering;
use std::collections::VecDeque;

use bytes::Bytes;
use meta::{MetaRead, Record, ScanItem};
use store::{
    Bucket, ListVersions, Position, StoreError, StoreErrorKind, VersionEntry, VersionPage, VersionState,
    VersionSummary,
};
use types::{ObjectKey, VersionId};

use super::list::{Window, page_limit, plain_key, prefix_text};
use crate::change::VersionName;
use crate::error::{During, contradiction};
use crate::find::version_name;
use crate::keys::{self, BUCKET_PREFIX_LEN, Family};
use crate::native::Native;
use crate::record::{KeyState, ObjectRecord, summarize};

const OPERATION: &str = "list versions";
/// How often a page is begun: an engine may end a view that stands in the way of its writers.
const VIEWS_MAX: usize = 3;

/// An entry of one of the two families that are merged, under the text that it is ordered by.
struct Candidate {
    text: String,
    /// None for a common prefix.
    record: Option<Record>,
}

/// Candidates of one family, in order.
#[derive(Default)]
struct Run {
    candidates: VecDeque<Candidate>,
    /// Whether the family has more behind them that was not read.
    cut: bool,
}

impl Run {
    fn has_more(&self) -> bool {
        self.cut || !self.candidates.is_empty()
    }

    /// Whether nothing is known of what comes next.
    fn is_used_up(&self) -> bool {
        self.cut && self.candidates.is_empty()
    }
}

impl Native {
    /// Merges current rows and version rows as of one moment. Both families order by key, so the first `limit` entries of
    /// the whole are among the first `limit` of each.
    pub(crate) async fn list_versions(
        &self,
        bucket: &Bucket,
        options: ListVersions,
    ) -> Result<VersionPage, StoreError> {
        for _ in 1..VIEWS_MAX {
            match self.versions_page(bucket, &options).await {
                Err(error) if matches!(error.kind, StoreErrorKind::Unavailable) => {}
                page => return page,
            }
        }
        self.versions_page(bucket, &options).await
    }

    async fn versions_page(
        &self,
        bucket: &Bucket,
        options: &ListVersions,
    ) -> Result<VersionPage, StoreError> {
        let view = self.meta.snapshot().await.during(OPERATION)?;
        let limit = page_limit(options.limit);
        let window = |family| {
            let delimiter = options.delimiter.as_deref();
            Window::new(family, bucket, &options.prefix, delimiter, options.after.as_ref())
        };
        let (mut current, mut versions) = (window(Family::Current), window(Family::Version));
        let mut resumed = None;
        if let (Some(Position::Key(key)), Some(version)) = (&options.after, &options.after_version) {
            resumed = Resumed::at(&*view, bucket, key, version).await?;
        }
        if let Some(resumed) = &resumed {
            let key = resumed.key.as_str();
            let behind = keys::behind_key(&keys::version(bucket, key, resumed.sequence));
            versions = from_row(Family::Version, bucket, options, behind);
            if resumed.current_is_behind {
                let row = keys::plain(Family::Current, bucket, &resumed.key);
                current = from_row(Family::Current, bucket, options, row);
            }
        }
        let current = candidates(&*view, current, limit + 1).await?;
        let versions = candidates(&*view, versions, limit + 1).await?;
        let mut merging = Merging { current, versions, last_key: None, resumed };
        let mut entries = Vec::new();
        while entries.len() < limit {
            let Some(entry) = merging.next()? else { break };
            entries.push(entry);
        }
        let more = merging.current.has_more() || merging.versions.has_more();
        Ok(VersionPage { entries, more })
    }
}

/// The rows of a listing from a row on, whatever position was asked.
fn from_row(family: Family, bucket: &Bucket, options: &ListVersions, row: Bytes) -> Window {
    Window::new(family, bucket, &options.prefix, options.delimiter.as_deref(), None).starting_at(row)
}

/// Where a listing goes on inside the versions of a key.
struct Resumed {
    key: ObjectKey,
    /// The sequence of the version that it goes on behind, whether that version is still there or not.
    sequence: u64,
    /// Whether the current object lies behind it: that version was newer and has been removed since.
    current_is_behind: bool,
    /// The sequence of the key's newest version where that is a delete marker.
    newest_marker: Option<u64>,
}

impl Resumed {
    /// Finds the place of a version; `None` where it is not known, and the listing goes on behind the whole key.
    async fn at(
        view: &dyn MetaRead,
        bucket: &Bucket,
        key: &str,
        version: &VersionId,
    ) -> Result<Option<Self>, StoreError> {
        let (Ok(key), Some(name)) = (ObjectKey::new(key), version_name(version)) else { return Ok(None) };
        let rows = [Family::Current, Family::KeyState].map(|family| keys::plain(family, bucket, &key));
        let mut found = view.get_many(&rows).await.during(OPERATION)?.into_iter();
        let (current, state) = (found.next().flatten(), found.next().flatten());
        let state = state.map(|record| KeyState::decode(&record.value)).transpose().during(OPERATION)?;
        let state = state.unwrap_or_default();
        let current = current.map(|record| ObjectRecord::decode(&record.value)).transpose();
        let current = current.during(OPERATION)?.map(|object| object.version);
        let sequence = match name {
            VersionName::Issued(version) => version.sequence,
            VersionName::Null => {
                let null = current.filter(|version| version.is_null()).map(|version| version.sequence);
                // Gone since, and nothing says where it stood: rather all versions of the key than not all.
                null.or(state.null_sequence).unwrap_or(u64::MAX)
            }
        };
        Ok(Some(Self {
            key,
            sequence,
            current_is_behind: current.is_some_and(|current| current.sequence < sequence),
            newest_marker: state.marker.map(|marker| marker.version.sequence),
        }))
    }
}

async fn candidates(view: &dyn MetaRead, window: Window, limit: usize) -> Result<Run, StoreError> {
    if window.range.start >= window.range.end {
        return Ok(Run::default());
    }
    let page = view.scan(window.scan(limit)).await.during(OPERATION)?;
    let candidates = page.items.into_iter().map(candidate).collect::<Result<_, _>>()?;
    Ok(Run { candidates, cut: page.more })
}

fn candidate(item: ScanItem) -> Result<Candidate, StoreError> {
    let family = item.key().first().copied();
    let escaped = family == Some(Family::Version as u8);
    match item {
        ScanItem::Prefix(row) if escaped => {
            let text = keys::unescape(row.get(BUCKET_PREFIX_LEN..).unwrap_or_default());
            Ok(Candidate { text: text.ok_or_else(|| contradiction(OPERATION))?, record: None })
        }
        ScanItem::Prefix(row) => Ok(Candidate { text: prefix_text(&row, OPERATION)?, record: None }),
        ScanItem::Record(record) if escaped => {
            let (text, _) = keys::parse_version(&record.key).ok_or_else(|| contradiction(OPERATION))?;
            Ok(Candidate { text, record: Some(record) })
        }
        ScanItem::Record(record) => {
            let text = plain_key(&record.key, OPERATION)?.as_str().to_owned();
            Ok(Candidate { text, record: Some(record) })
        }
    }
}

/// Two ordered runs of candidates becoming one.
struct Merging {
    current: Run,
    versions: Run,
    /// The key of the last version given.
    last_key: Option<String>,
    resumed: Option<Resumed>,
}

impl Merging {
    fn next(&mut self) -> Result<Option<VersionEntry>, StoreError> {
        if self.current.is_used_up() || self.versions.is_used_up() {
            return Ok(None);
        }
        let (current, versions) = (&mut self.current.candidates, &mut self.versions.candidates);
        let order = match (current.front(), versions.front()) {
            (None, None) => return Ok(None),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(current), Some(version)) => current.text.cmp(&version.text),
        };
        // Of one key, the current object comes before its older versions; of one prefix, one entry is enough.
        let from_current = order != Ordering::Greater;
        let taken = if from_current { current.pop_front() } else { versions.pop_front() };
        let Some(candidate) = taken else { return Ok(None) };
        let Some(record) = candidate.record else {
            if order == Ordering::Equal {
                versions.pop_front();
            }
            return Ok(Some(VersionEntry::Prefix(candidate.text)));
        };
        let first_of_key = self.last_key.as_ref() != Some(&candidate.text);
        let version = self.version(&record, &candidate.text, from_current, first_of_key)?;
        self.last_key = Some(candidate.text);
        Ok(Some(VersionEntry::Version(version)))
    }

    fn version(
        &self,
        record: &Record,
        text: &str,
        from_current: bool,
        first_of_key: bool,
    ) -> Result<VersionSummary, StoreError> {
        let key = ObjectKey::new(text).map_err(|_| contradiction(OPERATION))?;
        let (version, modified_at, state) = summarize(&record.value, key.clone()).during(OPERATION)?;
        let is_marker = state == VersionState::DeleteMarker;
        // Where a key has no current row, its newest version is a delete marker. A listing that goes on inside a key does
        // not see what comes first there, and asks the key's state instead.
        let is_latest = from_current
            || is_marker
                && match &self.resumed {
                    Some(resumed) if resumed.key == key => resumed.newest_marker == Some(version.sequence),
                    _ => first_of_key,
                };
        Ok(VersionSummary { key, version_id: version.id(), is_latest, modified_at, state })
    }
}
