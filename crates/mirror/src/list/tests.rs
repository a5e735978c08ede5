use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use meta::{Commit, MemoryMeta};
use sim::SimRandom;
use store::{
    ListEntry, ListObjects, ListPage, ListVersions, ObjectSummary, Position, StoreError, VersionEntry,
    VersionPage, VersionState, VersionSummary,
};
use types::{BucketName, ETag, ObjectKey, StorageClass, Timestamp, VersionId};

use super::base::Targets;
use super::place::fold;
use super::versions;
use super::walk::{self, Sources};
use crate::journal::{
    Current, Debt, Facts, Journal, KeyPlace, KeyState, Origin, Sequence, Stray, Version, What,
};
use crate::target::TargetNumber;

const HANDLE: u64 = 7;
const KEYS: [&str; 12] =
    ["a", "a/", "a/b", "a/b/c", "a/\u{10FFFF}", "a0", "b/1", "b/2", "c//", "c//d", "d", "d\u{0}e"];
const LISTER: TargetNumber = TargetNumber(0);

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn summary(text: &str, size_bytes: u64) -> ObjectSummary {
    ObjectSummary {
        key: key(text),
        etag: ETag::from_text(&size_bytes.to_string()),
        size_bytes,
        modified_at: Timestamp::from_secs(size_bytes),
        storage_class: StorageClass::Standard,
        checksum: None,
    }
}

fn version(sequence: u64, what: What) -> Version {
    Version {
        sequence: Sequence(sequence),
        random: Some(1),
        modified_at: Timestamp::from_secs(sequence),
        what,
        copies: Vec::new(),
    }
}

fn object(size_bytes: u64) -> What {
    let listed = summary("x", size_bytes);
    What::Object(Facts {
        etag: listed.etag,
        size_bytes,
        checksum: None,
        storage_class: StorageClass::Standard,
        origin: Origin::Computed,
    })
}

/// A target that lists what it has, and another one that is asked for keys that the first owes.
struct TwoTargets {
    lister: BTreeMap<String, u64>,
    other: BTreeMap<String, u64>,
}

#[async_trait]
impl Targets for TwoTargets {
    async fn page(&self, options: ListObjects) -> Result<(TargetNumber, ListPage), StoreError> {
        Ok((LISTER, model(&self.lister, &options)))
    }

    async fn versions(
        &self,
        options: ListVersions,
        besides: &[TargetNumber],
    ) -> Result<(TargetNumber, VersionPage), StoreError> {
        let keys = if besides.contains(&LISTER) { &self.other } else { &self.lister };
        Ok((LISTER, Self::versions_of(keys, &options)))
    }

    async fn look(&self, key: &ObjectKey) -> Result<Option<ObjectSummary>, StoreError> {
        Ok(self.other.get(key.as_str()).map(|size_bytes| summary(key.as_str(), *size_bytes)))
    }
}

/// A page of a listing of these keys, as a store without a mirror gives it.
fn model(keys: &BTreeMap<String, u64>, options: &ListObjects) -> ListPage {
    let mut names: BTreeMap<String, ListEntry> = BTreeMap::new();
    for (text, size_bytes) in keys {
        let behind = match &options.after {
            None => true,
            Some(Position::Key(after)) => text > after,
            Some(Position::Prefix(prefix)) => text > prefix && !text.starts_with(prefix),
        };
        if !text.starts_with(&options.prefix) || !behind {
            continue;
        }
        let (name, entry) = match fold(text, &options.prefix, options.delimiter.as_deref()) {
            Some(prefix) => (prefix.clone(), ListEntry::Prefix(prefix)),
            None => (text.clone(), ListEntry::Object(summary(text, *size_bytes))),
        };
        names.insert(name, entry);
    }
    let more = names.len() > options.limit;
    ListPage { entries: names.into_values().take(options.limit).collect(), more }
}

fn whole(journal: &Journal) -> Sources<'_> {
    Sources { journal, handle: HANDLE, targets: None }
}

async fn journal(rows: &BTreeMap<String, KeyState>) -> Journal {
    let (journal, _) = Journal::open(Arc::new(MemoryMeta::default()), &["one".into()]).await.unwrap();
    let bucket = BucketName::new("bucket").unwrap();
    for (text, state) in rows {
        let key = key(text);
        let place = KeyPlace { bucket: &bucket, handle: HANDLE, key: &key };
        let before = KeyState::unrecorded();
        journal.apply(Commit::default(), vec![(before, state.clone(), place)]).await.unwrap();
    }
    journal
}

/// A bucket by chance: its rows, its targets, and what is truly in it.
fn bucket(
    random: &SimRandom,
    partial: bool,
) -> (BTreeMap<String, KeyState>, TwoTargets, BTreeMap<String, u64>) {
    let (mut rows, mut truth) = (BTreeMap::new(), BTreeMap::new());
    let mut targets = TwoTargets { lister: BTreeMap::new(), other: BTreeMap::new() };
    for text in KEYS {
        let (old, new) = (random.below(1000), random.below(1000));
        let text = text.to_owned();
        let debt = |target| Debt { target, since: Timestamp::from_secs(1), stray: Stray::No };
        let row = |current, debts| KeyState { current, null: None, debts };
        let had = partial && random.coin();
        if had {
            targets.lister.insert(text.clone(), old);
        }
        match random.below(5) {
            0 => {
                rows.insert(text.clone(), row(Current::Version(version(new, object(new))), Vec::new()));
                truth.insert(text, new);
            }
            1 => {
                rows.insert(text, row(Current::Version(version(new, What::Marker)), Vec::new()));
            }
            2 => {
                rows.insert(text, row(Current::Absent, vec![debt(LISTER)]));
            }
            3 if partial => {
                let lister_owes = random.coin();
                let target = if lister_owes { LISTER } else { TargetNumber(1) };
                rows.insert(text.clone(), row(Current::Unrecorded, vec![debt(target)]));
                if lister_owes && random.coin() {
                    targets.other.insert(text.clone(), new);
                    truth.insert(text, new);
                } else if !lister_owes && had {
                    truth.insert(text, old);
                }
            }
            _ if had => {
                truth.insert(text, old);
            }
            _ => {}
        }
    }
    (rows, targets, truth)
}

async fn pages(sources: Sources<'_>, first: ListObjects) -> Vec<ListEntry> {
    let (mut options, mut entries) = (first, Vec::new());
    loop {
        let page = walk::page(sources, &options).await.unwrap();
        assert!(page.entries.len() <= options.limit);
        options.after = page.entries.last().map(|entry| match entry {
            ListEntry::Object(object) => Position::Key(object.key.as_str().to_owned()),
            ListEntry::Prefix(prefix) => Position::Prefix(prefix.clone()),
        });
        entries.extend(page.entries);
        if !page.more {
            return entries;
        }
    }
}

impl TwoTargets {
    /// As [`model`], every key having the one version that is there.
    fn versions_of(keys: &BTreeMap<String, u64>, options: &ListVersions) -> VersionPage {
        let options = ListObjects {
            prefix: options.prefix.clone(),
            delimiter: options.delimiter.clone(),
            after: options.after.clone(),
            limit: options.limit,
        };
        let page = model(keys, &options);
        let entry = |entry| match entry {
            ListEntry::Prefix(prefix) => VersionEntry::Prefix(prefix),
            ListEntry::Object(object) => VersionEntry::Version(VersionSummary {
                key: object.key.clone(),
                version_id: VersionId::Null,
                is_latest: true,
                modified_at: object.modified_at,
                state: VersionState::Object(object),
            }),
        };
        VersionPage { entries: page.entries.into_iter().map(entry).collect(), more: page.more }
    }
}

#[tokio::test]
async fn versions_that_only_targets_know_are_listed_between_those_of_the_journal() {
    for seed in 0..300 {
        let random = SimRandom::new(seed);
        let (mut rows, targets, truth) = bucket(&random, true);
        // A delete marker is a version, too: left out, so that what is there is the same as in a listing of objects.
        rows.retain(|_, row| row.version().is_none_or(|version| version.what != What::Marker));
        let truth: BTreeMap<String, u64> = truth
            .into_iter()
            .chain(targets.lister.clone().into_iter().filter(|(key, _)| !rows.contains_key(key)))
            .collect();
        let journal = journal(&rows).await;
        let sources = Sources { journal: &journal, handle: HANDLE, targets: Some(&targets) };
        for delimiter in [None, Some("/"), Some("b")] {
            let all = ListVersions {
                delimiter: delimiter.map(str::to_owned),
                limit: usize::MAX,
                ..ListVersions::default()
            };
            let expected: Vec<String> =
                TwoTargets::versions_of(&truth, &all).entries.iter().map(shown).collect();
            for limit in [1, 2, 3, 100] {
                let (mut listed, mut options) = (Vec::new(), ListVersions { limit, ..all.clone() });
                loop {
                    let page = versions::page(sources, &options).await.unwrap();
                    for entry in &page.entries {
                        (options.after, options.after_version) = match entry {
                            VersionEntry::Prefix(prefix) => (Some(Position::Prefix(prefix.clone())), None),
                            VersionEntry::Version(version) => (
                                Some(Position::Key(version.key.as_str().to_owned())),
                                Some(version.version_id.clone()),
                            ),
                        };
                        listed.push(shown(entry));
                    }
                    if !page.more {
                        break;
                    }
                }
                assert_eq!(listed, expected, "seed {seed}, pages of {limit} by {delimiter:?}");
            }
        }
    }
}

fn shown(entry: &VersionEntry) -> String {
    match entry {
        VersionEntry::Prefix(prefix) => format!("{prefix} ..."),
        VersionEntry::Version(version) => {
            format!("{} at {}", version.key.as_str(), version.modified_at.as_secs())
        }
    }
}

#[tokio::test]
async fn pages_join_and_the_journal_has_the_last_word() {
    for seed in 0..400 {
        let random = SimRandom::new(seed);
        let partial = random.below(3) > 0;
        let (rows, targets, truth) = bucket(&random, partial);
        let journal = journal(&rows).await;
        let targets: Option<&dyn Targets> = if partial { Some(&targets) } else { None };
        let sources = Sources { journal: &journal, handle: HANDLE, targets };
        let after = [None, Some("a/b"), Some("a/"), Some("b/1"), Some("c"), Some("zz")];
        for delimiter in [None, Some("/"), Some("//"), Some("b")] {
            for prefix in ["", "a", "a/", "c//"] {
                let after = after[random.below(6) as usize].map(|key| Position::Key(key.to_owned()));
                let options = ListObjects {
                    prefix: prefix.to_owned(),
                    delimiter: delimiter.map(str::to_owned),
                    after,
                    limit: usize::MAX,
                };
                let expected = model(&truth, &options).entries;
                for limit in [1, 2, 3, 100] {
                    let listed = pages(sources, ListObjects { limit, ..options.clone() }).await;
                    assert_eq!(listed, expected, "seed {seed}, {limit} of {options:?}, rows {rows:?}");
                }
                let any = walk::page(sources, &ListObjects { limit: 0, ..options }).await.unwrap();
                assert_eq!((any.entries.len(), any.more), (0, !expected.is_empty()));
            }
        }
    }
}

#[tokio::test]
async fn versions_page_at_every_boundary() {
    let mut rows = BTreeMap::new();
    let mut older = Vec::new();
    let mut expected = Vec::new();
    for (nth, text) in KEYS.into_iter().enumerate() {
        let count = nth as u64 % 4;
        let current = if nth % 3 == 2 { What::Marker } else { object(nth as u64) };
        rows.insert(
            text.to_owned(),
            KeyState { current: Current::Version(version(100, current)), null: None, debts: Vec::new() },
        );
        expected.push((text, 100));
        for sequence in (1..=count).rev() {
            older.push((text, sequence));
            expected.push((text, sequence));
        }
    }
    let journal = journal(&rows).await;
    let bucket = BucketName::new("bucket").unwrap();
    let mut commit = Commit::default();
    for (text, sequence) in older {
        let place = KeyPlace { bucket: &bucket, handle: HANDLE, key: &key(text) };
        place.put_noncurrent(&mut commit, &version(sequence, object(sequence)));
    }
    journal.commit(commit).await.unwrap();
    for limit in 1..=expected.len() + 1 {
        let (mut listed, mut options) = (Vec::new(), ListVersions { limit, ..ListVersions::default() });
        loop {
            let page = versions::page(whole(&journal), &options).await.unwrap();
            for entry in page.entries {
                let VersionEntry::Version(version) = entry else { panic!("nothing was to be folded") };
                assert_eq!(version.is_latest, version.modified_at == Timestamp::from_secs(100));
                options.after = Some(Position::Key(version.key.as_str().to_owned()));
                options.after_version = Some(version.version_id);
                listed.push((version.key.as_str().to_owned(), version.modified_at.as_secs()));
            }
            if !page.more {
                break;
            }
        }
        let listed: Vec<(&str, u64)> = listed.iter().map(|(key, at)| (key.as_str(), *at)).collect();
        assert_eq!(listed, expected, "pages of {limit}");
    }
    let options = ListVersions { delimiter: Some("/".into()), limit: 100, ..ListVersions::default() };
    let page = versions::page(whole(&journal), &options).await.unwrap();
    let prefixes = page.entries.iter().filter(|entry| matches!(entry, VersionEntry::Prefix(_))).count();
    assert_eq!(prefixes, 3);
}
