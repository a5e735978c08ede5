use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use conformance::blob::bodies::pattern;
use store::UploadId;
use types::ETag;

use crate::workload::Step;

/// Larger objects and parts are blobs.
pub(crate) const INLINE_MAX_BYTES: usize = 2000;

/// Everything that a client can see, and which blobs it stands on.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) bucket: bool,
    versioned: bool,
    /// The versions of each key, newest first.
    versions: BTreeMap<String, Vec<Version>>,
    uploads: BTreeMap<usize, Upload>,
}

#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    /// None for a delete marker.
    pub(crate) content: Option<Content>,
}

#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) etag: ETag,
    pub(crate) bytes: Bytes,
    /// The steps that wrote the blobs it stands on.
    blobs: Vec<usize>,
    /// In how many pieces it was written.
    pieces: usize,
}

#[derive(Debug, Clone)]
struct Upload {
    key: String,
    id: UploadId,
    parts: BTreeMap<u32, Content>,
}

/// What a step told its caller.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) etag: Option<ETag>,
    pub(crate) version: Option<String>,
    pub(crate) upload: Option<UploadId>,
}

/// Key, version, and tag and size of what is no delete marker.
pub(crate) type SeenVersion = (String, String, Option<(ETag, u64)>);
/// Key, upload, and number and tag of each part.
pub(crate) type SeenUpload = (String, String, Vec<(u32, ETag)>);

/// What listings tell: versions with their tags, and uploads with their parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) bucket: bool,
    pub(crate) versions: Vec<SeenVersion>,
    pub(crate) uploads: Vec<SeenUpload>,
}

impl State {
    /// The state after a step that was answered so.
    pub(crate) fn after(&self, number: usize, step: &Step, outcome: &Outcome) -> Self {
        let mut next = self.clone();
        match step {
            Step::CreateBucket => next.bucket = true,
            Step::EnableVersioning => next.versioned = true,
            Step::Put { key, size } => next.add(key, outcome, Some(content(number, *size, outcome))),
            Step::Copy { from, to } => {
                let source = self.current(from).expect("the workload copies what is there");
                next.add(to, outcome, Some(source.clone()));
            }
            Step::Delete { key } if self.versioned => next.add(key, outcome, None),
            Step::Delete { key } => drop(next.versions.remove(*key)),
            Step::DeleteOldest { key } => drop(next.versions.get_mut(*key).and_then(Vec::pop)),
            Step::CreateUpload { slot, key } => {
                let id = outcome.upload.clone().expect("an upload has an id");
                let upload = Upload { key: (*key).to_owned(), id, parts: BTreeMap::new() };
                next.uploads.insert(*slot, upload);
            }
            Step::Part { slot, part, size } => {
                next.upload(*slot).parts.insert(*part, content(number, *size, outcome));
            }
            Step::CopyPart { slot, part, from } => {
                let source = self.current(from).expect("the workload copies what is there").clone();
                next.upload(*slot).parts.insert(*part, source.as_part(number, outcome));
            }
            Step::Complete { slot, parts } => {
                let upload = next.uploads.remove(slot).expect("the workload completes what is open");
                next.add(&upload.key, outcome, Some(upload.joined(parts, outcome)));
            }
            Step::Abort { slot } => drop(next.uploads.remove(slot)),
            Step::Collect | Step::Wait | Step::Restart => {}
        }
        next.versions.retain(|_, versions| !versions.is_empty());
        next
    }

    fn upload(&mut self, slot: usize) -> &mut Upload {
        self.uploads.get_mut(&slot).expect("the workload uses what is open")
    }

    fn add(&mut self, key: &str, outcome: &Outcome, content: Option<Content>) {
        let id = outcome.version.clone().unwrap_or_else(|| "null".to_owned());
        let versions = self.versions.entry(key.to_owned()).or_default();
        versions.retain(|version| version.id != id);
        versions.insert(0, Version { id, content });
    }

    fn current(&self, key: &str) -> Option<&Content> {
        self.versions.get(key)?.first()?.content.as_ref()
    }

    pub(crate) fn upload_id(&self, slot: usize) -> (&str, &UploadId) {
        let upload = &self.uploads[&slot];
        (&upload.key, &upload.id)
    }

    pub(crate) fn part_etag(&self, slot: usize, part: u32) -> &ETag {
        &self.uploads[&slot].parts[&part].etag
    }

    pub(crate) fn current_etag(&self, key: &str) -> &ETag {
        &self.current(key).expect("the workload looks at what is there").etag
    }

    pub(crate) fn oldest(&self, key: &str) -> &str {
        &self.versions[key].last().expect("the workload looks at what is there").id
    }

    pub(crate) fn is_live(&self, key: &str) -> bool {
        self.current(key).is_some()
    }

    pub(crate) fn has_versions(&self, key: &str) -> bool {
        self.versions.contains_key(key)
    }

    pub(crate) fn current_size(&self, key: &str) -> usize {
        self.current(key).map_or(0, |content| content.bytes.len())
    }

    pub(crate) fn open_uploads(&self) -> impl Iterator<Item = usize> {
        self.uploads.keys().copied()
    }

    pub(crate) fn parts_of(&self, slot: usize) -> impl Iterator<Item = u32> {
        self.uploads[&slot].parts.keys().copied()
    }

    /// Every version that has bytes, with its key.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (&str, &str, &Content)> {
        self.versions.iter().flat_map(|(key, versions)| {
            versions.iter().filter_map(move |version| {
                version.content.as_ref().map(|content| (key.as_str(), version.id.as_str(), content))
            })
        })
    }

    /// How many blobs must be there: each once, however often it is referred to.
    pub(crate) fn blob_count(&self) -> usize {
        let parts = self.uploads.values().flat_map(|upload| upload.parts.values());
        let all = self.contents().map(|(_, _, content)| content).chain(parts);
        all.flat_map(|content| &content.blobs).collect::<BTreeSet<_>>().len()
    }

    pub(crate) fn view(&self) -> View {
        let version = |(key, version): (&String, &Version)| {
            let content = version.content.as_ref();
            let shown = content.map(|content| (content.etag.clone(), content.bytes.len() as u64));
            (key.clone(), version.id.clone(), shown)
        };
        let versions = self
            .versions
            .iter()
            .flat_map(|(key, versions)| versions.iter().map(move |version| (key, version)));
        let upload = |upload: &Upload| {
            let parts = upload.parts.iter().map(|(number, part)| (*number, part.etag.clone())).collect();
            (upload.key.clone(), upload.id.to_string(), parts)
        };
        let mut uploads: Vec<_> = self.uploads.values().map(upload).collect();
        uploads.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        View { bucket: self.bucket, versions: versions.map(version).collect(), uploads }
    }
}

impl Content {
    /// The same bytes as a part of an upload: by reference where they are one piece, else written anew.
    fn as_part(&self, number: usize, outcome: &Outcome) -> Self {
        let etag = outcome.etag.clone().expect("a part has a tag");
        let blobs = if self.pieces == 1 { self.blobs.clone() } else { blobs(number, self.bytes.len()) };
        Self { etag, bytes: self.bytes.clone(), blobs, pieces: 1 }
    }
}

impl Upload {
    fn joined(&self, parts: &[u32], outcome: &Outcome) -> Content {
        let parts: Vec<_> = parts.iter().map(|number| &self.parts[number]).collect();
        Content {
            etag: outcome.etag.clone().expect("an object has a tag"),
            bytes: parts.iter().flat_map(|part| part.bytes.iter().copied()).collect(),
            blobs: parts.iter().flat_map(|part| part.blobs.iter().copied()).collect(),
            pieces: parts.len(),
        }
    }
}

/// What a step writes: bytes that tell the step, on a blob of its own where they are many.
fn content(number: usize, size: usize, outcome: &Outcome) -> Content {
    Content {
        etag: outcome.etag.clone().expect("an object has a tag"),
        bytes: pattern(number as u64, size),
        blobs: blobs(number, size),
        pieces: 1,
    }
}

/// The blobs that a step writes: large bytes are one, small ones none.
fn blobs(number: usize, size: usize) -> Vec<usize> {
    if size > INLINE_MAX_BYTES { vec![number] } else { Vec::new() }
}
