use bytes::Bytes;
use hash::Md5;
use store::{
    CompleteOptions, CompletedPart, CopyOptions, CopyPartOptions, CopySource, DeleteOptions, DeleteOutcome,
    DeleteTarget, ListObjects, ListVersions, Missing, OpenOptions, PutOptions, PutOutcome, StoreError,
    StoreErrorKind, UploadRef, VersionEntry, VersionState, Versioning, WriteCondition,
};
use types::{ETag, TagSet, VersionId};

use super::plain::{Object, Plain, PlainUpload, Verdict, judge};
use super::step::{Condition, KEYS, Step, Which};
use crate::blob::bodies::pattern;
use crate::store::cases::listing;
use crate::store::desk::{Desk, as_it_is, body, key};

/// A store and the model, side by side.
pub(in crate::store) struct Play {
    desk: Desk,
    plain: Plain,
}

fn condition_of(condition: Condition, found: Option<&Object>) -> WriteCondition {
    let wrong = || ETag::from_text("00000000000000000000000000000000");
    match condition {
        Condition::Always => WriteCondition::Always,
        Condition::IfAbsent => WriteCondition::IfAbsent,
        Condition::IfPresent => WriteCondition::IfPresent,
        Condition::IfMatchRight => {
            WriteCondition::IfMatch(found.map_or_else(wrong, |object| object.etag.clone()))
        }
        Condition::IfMatchWrong => WriteCondition::IfMatch(wrong()),
    }
}

/// Holds the outcome of a conditional write to the model's verdict; the outcome, where it holds.
fn held<T>(verdict: Verdict, outcome: Result<T, StoreError>) -> Option<T> {
    match (verdict, outcome) {
        (Verdict::Holds, outcome) => Some(outcome.expect("the condition holds")),
        (Verdict::Failed, Err(error)) if matches!(error.kind, StoreErrorKind::ConditionFailed) => None,
        (Verdict::Missing, Err(error))
            if matches!(error.kind, StoreErrorKind::Missing(Missing::Key | Missing::Version)) =>
        {
            None
        }
        (verdict, outcome) => panic!("{verdict:?}, but {:?}", outcome.map(drop)),
    }
}

impl Play {
    /// Both sides begin empty, and with the same versioning.
    pub(in crate::store) fn new(desk: Desk) -> Self {
        let plain = Plain { versioning: desk.bucket.versioning, ..Plain::default() };
        Self { desk, plain }
    }

    /// Takes a step on both sides and compares.
    pub(in crate::store) async fn step(&mut self, step: Step) {
        match step {
            Step::Put { key, size, fill, condition } => {
                self.put(KEYS[key], pattern(fill.into(), size), condition).await;
            }
            Step::Delete { key, which, condition } => self.delete(KEYS[key], which, condition).await,
            Step::DeleteMany(targets) => self.delete_many(&targets).await,
            Step::Copy { from, which, to, condition } => {
                self.copy(KEYS[from], which, KEYS[to], condition).await;
            }
            Step::SetTags { key, which, value } => self.set_tags(KEYS[key], which, value).await,
            Step::Versioning { suspended } => {
                let versioning = if suspended { Versioning::Suspended } else { Versioning::Enabled };
                self.desk.set_versioning(versioning).await;
                self.plain.versioning = versioning;
            }
            Step::Begin { key } => self.begin(KEYS[key]).await,
            Step::PutPart { upload, number, size, fill } => {
                self.put_part(upload, number, pattern(fill.into(), size)).await;
            }
            Step::CopyPart { upload, number, from } => self.copy_part(upload, number, KEYS[from]).await,
            Step::Complete { upload, skip, condition } => self.complete(upload, skip, condition).await,
            Step::Abort { upload } => self.abort(upload).await,
            Step::List { prefix, delimiter, limit } => self.list(prefix, delimiter, limit).await,
        }
    }

    fn hold_version(&self, id: Option<&VersionId>) {
        match self.plain.versioning {
            Versioning::Off => assert_eq!(id, None),
            Versioning::Suspended => assert_eq!(id, Some(&VersionId::Null)),
            Versioning::Enabled => assert!(matches!(id, Some(VersionId::Id(_)))),
        }
    }

    fn made(&mut self, name: &'static str, outcome: PutOutcome, object: Object) {
        assert_eq!((&outcome.etag, outcome.size_bytes), (&object.etag, object.bytes.len() as u64));
        self.hold_version(outcome.version_id.as_ref());
        self.plain.push(name, outcome.version_id, Some(object));
    }

    async fn put(&mut self, name: &'static str, bytes: Bytes, condition: Condition) {
        let found = self.plain.current(name);
        let verdict = judge(condition, found);
        let options = PutOptions { condition: condition_of(condition, found), ..PutOptions::default() };
        let outcome = self.desk.try_put(name, bytes.clone(), options).await;
        if let Some(outcome) = held(verdict, outcome) {
            self.made(name, outcome, Object::new(bytes));
        }
    }

    /// What a delete must come to and, where it comes to something, does on the model's side.
    fn deleted(&mut self, name: &'static str, id: Option<&VersionId>, outcome: &DeleteOutcome) {
        match id {
            Some(id) => {
                let found = self.plain.find(name, Some(id));
                assert_eq!(outcome.delete_marker, found.is_some_and(|version| version.object.is_none()));
                assert_eq!(outcome.version_id.as_ref(), Some(id));
                self.plain.remove(name, id);
            }
            None if self.plain.versioning == Versioning::Off => {
                assert_eq!(*outcome, DeleteOutcome::default());
                self.plain.remove(name, &VersionId::Null);
            }
            None => {
                assert!(outcome.delete_marker);
                self.hold_version(outcome.version_id.as_ref());
                self.plain.push(name, outcome.version_id.clone(), None);
            }
        }
    }

    async fn delete(&mut self, name: &'static str, which: Which, condition: Condition) {
        let version_id = self.plain.name(name, which);
        let found = self.plain.find(name, version_id.as_ref()).and_then(|version| version.object.as_ref());
        let verdict = judge(condition, found);
        let options =
            DeleteOptions { version_id: version_id.clone(), condition: condition_of(condition, found) };
        if let Some(outcome) = held(verdict, self.desk.try_delete(name, options).await) {
            self.deleted(name, version_id.as_ref(), &outcome);
        }
    }

    async fn delete_many(&mut self, targets: &[(usize, Which)]) {
        let named: Vec<_> =
            targets.iter().map(|(key, which)| (KEYS[*key], self.plain.name(KEYS[*key], *which))).collect();
        let target = |(name, version_id): &(&'static str, Option<VersionId>)| DeleteTarget {
            key: key(name),
            options: DeleteOptions { version_id: version_id.clone(), condition: WriteCondition::Always },
        };
        let requests = named.iter().map(target).collect();
        let outcomes = self.desk.store.delete_many(&self.desk.cx, &self.desk.bucket, requests).await.unwrap();
        for ((name, version_id), outcome) in named.into_iter().zip(outcomes) {
            self.deleted(name, version_id.as_ref(), &outcome.unwrap());
        }
    }

    async fn copy(&mut self, from: &'static str, which: Which, to: &'static str, condition: Condition) {
        let version_id = self.plain.name(from, which);
        let Some(version) = self.plain.find(from, version_id.as_ref()) else { return };
        let Some(object) = version.object.clone() else { return };
        let found = self.plain.current(to);
        let verdict = judge(condition, found);
        let options = CopyOptions { condition: condition_of(condition, found), ..as_it_is() };
        let bucket = self.desk.bucket.clone().into();
        let source = CopySource { bucket, key: key(from), version_id, etag: object.etag.clone() };
        let outcome = self.desk.copy(&source, to, options).await;
        if let Some(outcome) = held(verdict, outcome) {
            self.made(to, outcome, object);
        }
    }

    async fn set_tags(&mut self, name: &'static str, which: Which, value: u8) {
        let version_id = self.plain.name(name, which);
        let tags = TagSet::new(vec![("t".to_owned(), value.to_string())], 10).unwrap();
        let (store, cx, bucket) = (&self.desk.store, &self.desk.cx, &self.desk.bucket);
        let outcome = store.set_tags(cx, bucket, &key(name), version_id.clone(), tags.clone()).await;
        match self.plain.find_mut(name, version_id.as_ref()) {
            Some(version) if version.object.is_some() => {
                outcome.unwrap();
                version.object.as_mut().unwrap().tags = tags;
            }
            Some(_) => {
                let error = outcome.unwrap_err();
                assert!(matches!(error.kind, StoreErrorKind::DeleteMarker { .. }), "{error}");
            }
            None => {
                let error = outcome.unwrap_err();
                let missing = matches!(error.kind, StoreErrorKind::Missing(Missing::Key | Missing::Version));
                assert!(missing, "{error}");
            }
        }
    }

    async fn begin(&mut self, name: &'static str) {
        let upload = self.desk.begin(name, Default::default()).await;
        let id = upload.id.clone();
        self.plain.uploads.push(PlainUpload { key: name, id, parts: Default::default() });
    }

    async fn put_part(&mut self, upload: usize, number: u32, bytes: Bytes) {
        let Some(upload) = self.plain.uploads.get_mut(upload) else { return };
        let key = key(upload.key);
        let reference = UploadRef { bucket: &self.desk.bucket, key: &key, id: &upload.id };
        let (store, cx) = (&self.desk.store, &self.desk.cx);
        let part =
            store.put_part(cx, reference, number, body(bytes.clone()), Default::default()).await.unwrap();
        assert_eq!(part.etag, ETag::from_md5(Md5::digest(&bytes)));
        upload.parts.insert(number, bytes);
    }

    async fn copy_part(&mut self, upload: usize, number: u32, from: &'static str) {
        let Some(object) = self.plain.current(from).cloned() else { return };
        let Some(upload) = self.plain.uploads.get_mut(upload) else { return };
        let name = key(upload.key);
        let reference = UploadRef { bucket: &self.desk.bucket, key: &name, id: &upload.id };
        let bucket = self.desk.bucket.clone().into();
        let source = CopySource { bucket, key: key(from), version_id: None, etag: object.etag };
        let (store, cx) = (&self.desk.store, &self.desk.cx);
        let options = CopyPartOptions::default();
        let part = store.copy_part(cx, &source, reference, number, options).await.unwrap();
        assert_eq!(part.etag, ETag::from_md5(Md5::digest(&object.bytes)));
        upload.parts.insert(number, object.bytes);
    }

    /// Completes an upload with all its parts but one, if that makes an object.
    async fn complete(&mut self, upload: usize, skip: usize, condition: Condition) {
        let Some(plain) = self.plain.uploads.get(upload).cloned() else { return };
        let bodies: Vec<(u32, Bytes)> = plain
            .parts
            .into_iter()
            .enumerate()
            .filter(|(place, _)| *place != skip)
            .map(|(_, part)| part)
            .collect();
        let too_small = |(_, bytes): &(u32, Bytes)| bytes.len() < self.desk.part_min_bytes;
        let Some((_, but_last)) = bodies.split_last() else { return };
        if but_last.iter().any(too_small) {
            return;
        }
        let part = |(number, bytes): &(u32, Bytes)| {
            let etag = ETag::from_md5(Md5::digest(bytes));
            CompletedPart { number: *number, etag, checksum: None }
        };
        let parts: Vec<_> = bodies.iter().map(part).collect();
        let found = self.plain.current(plain.key);
        let verdict = judge(condition, found);
        let options =
            CompleteOptions { condition: condition_of(condition, found), ..CompleteOptions::default() };
        let name = key(plain.key);
        let reference = UploadRef { bucket: &self.desk.bucket, key: &name, id: &plain.id };
        let outcome = self.desk.store.complete_upload(&self.desk.cx, reference, parts, options).await;
        if let Some(outcome) = held(verdict, outcome) {
            let mut md5 = Md5::new();
            bodies.iter().for_each(|(_, bytes)| md5.update(&Md5::digest(bytes)));
            let etag = ETag::multipart(md5.finish(), bodies.len() as u32);
            let bytes: Vec<u8> = bodies.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
            let object = Object { etag, ..Object::new(bytes.into()) };
            self.made(plain.key, outcome, object);
            self.plain.uploads.remove(upload);
        }
    }

    async fn abort(&mut self, upload: usize) {
        if upload < self.plain.uploads.len() {
            let upload = self.plain.uploads.remove(upload);
            let key = key(upload.key);
            let reference = UploadRef { bucket: &self.desk.bucket, key: &key, id: &upload.id };
            self.desk.store.abort_upload(&self.desk.cx, reference).await.unwrap();
        }
    }

    async fn list(&mut self, prefix: &str, delimiter: Option<&str>, limit: usize) {
        let (owned, delimiter_owned) = (prefix.to_owned(), delimiter.map(str::to_owned));
        let options = ListObjects { prefix: owned, delimiter: delimiter_owned, after: None, limit };
        let page = self.desk.list(options).await;
        let whole = listing::expected(&self.plain.listed(), prefix, delimiter, None);
        let entries: Vec<String> = page.entries.iter().map(listing::shown).collect();
        assert_eq!(entries, whole[..limit.min(whole.len())]);
        assert_eq!(page.more, whole.len() > limit);
    }

    /// Compares everything that there is.
    pub(in crate::store) async fn compare(&mut self) {
        self.list("", None, 1000).await;
        let page = self.desk.list_versions(ListVersions { limit: 10_000, ..ListVersions::default() }).await;
        let listed = page.entries.iter().map(|entry| match entry {
            VersionEntry::Version(version) => {
                let is_marker = version.state == VersionState::DeleteMarker;
                (version.key.as_str(), version.version_id.clone(), version.is_latest, is_marker)
            }
            VersionEntry::Prefix(prefix) => panic!("nothing was to be folded: {prefix}"),
        });
        let plain = self.plain.keys.iter().flat_map(|(key, versions)| {
            versions
                .iter()
                .enumerate()
                .map(|(age, version)| (*key, version.id.clone(), age == 0, version.object.is_none()))
        });
        let (listed, plain): (Vec<_>, Vec<_>) = (listed.collect(), plain.collect());
        assert_eq!(listed, plain);
        for name in KEYS {
            for version in self.plain.versions(name) {
                let options = OpenOptions { version_id: Some(version.id.clone()), ..OpenOptions::default() };
                let opened = self.desk.open(name, options).await;
                let Some(object) = &version.object else {
                    let error = opened.unwrap_err();
                    assert!(
                        matches!(error.kind, StoreErrorKind::DeleteMarker { named: true, .. }),
                        "{error}"
                    );
                    continue;
                };
                let (info, bytes) = opened.unwrap();
                assert!(bytes == object.bytes, "bytes of {name:?}");
                assert_eq!((info.etag, info.metadata.tags), (object.etag.clone(), object.tags.clone()));
            }
        }
    }
}
