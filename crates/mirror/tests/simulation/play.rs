use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use store::{
    Bucket, CompleteOptions, CompletedPart, CopyOptions, CopySource, CreateUploadOptions, DeleteOptions,
    DeleteTarget, Directive, PartOptions, PutOptions, SharedStore, StoreError, StoreErrorKind, UploadRef,
    WriteCondition,
};
use types::{Body, ETag, VersionId};

use crate::look::{self, Look, key};
use crate::model::{Content, State};
use crate::world::cx;

/// What a client does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Put { key: String, content: Content, condition: WriteCondition },
    Parts { key: String, content: Content },
    Copy { from: String, to: String },
    Delete { key: String },
    DeleteMany { keys: Vec<String> },
    DeleteVersion { key: String, version_id: VersionId },
    Tag { key: String },
    Read { key: String, first: u64, length: u64 },
}

/// What came of a write to one key.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// The key now holds this, as the version told.
    Acknowledged(State, Option<VersionId>),
    /// The key may now hold this.
    Doubtful(State),
    /// Nothing.
    Nothing,
}

pub(crate) type Effects = Vec<(String, Effect)>;

/// One client at work.
pub(crate) struct Client {
    pub(crate) store: SharedStore,
    pub(crate) bucket: Arc<Bucket>,
    /// How long it waits before it gives up and goes away.
    pub(crate) patience: Duration,
    /// Whether it may hold a wrong byte of a range against the mirror.
    pub(crate) trusting: bool,
}

/// Whether the error says that nothing was changed and nothing will be.
fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error.kind,
        StoreErrorKind::ConditionFailed
            | StoreErrorKind::Missing(_)
            | StoreErrorKind::Conflict
            | StoreErrorKind::DeleteMarker { .. }
            | StoreErrorKind::Unsupported(_)
    )
}

fn effect<T>(
    outcome: Result<T, StoreError>,
    state: State,
    version: impl FnOnce(T) -> Option<VersionId>,
) -> Effect {
    match outcome {
        Ok(outcome) => Effect::Acknowledged(state, version(outcome)),
        Err(error) if is_refusal(&error) => Effect::Nothing,
        Err(_) => Effect::Doubtful(state),
    }
}

/// What an act means to leave where its outcome is not told.
pub(crate) fn meant(act: &Act) -> Effects {
    match act {
        Act::Put { key, content, .. } | Act::Parts { key, content } => {
            vec![(key.clone(), Effect::Doubtful(Some(*content)))]
        }
        Act::Delete { key } => vec![(key.clone(), Effect::Doubtful(None))],
        Act::DeleteMany { keys } => keys.iter().map(|key| (key.clone(), Effect::Doubtful(None))).collect(),
        Act::Copy { .. } | Act::DeleteVersion { .. } | Act::Tag { .. } | Act::Read { .. } => Vec::new(),
    }
}

impl Client {
    /// Does it, and says what came of it. A client that loses its patience goes away in the middle.
    pub(crate) async fn act(&self, act: &Act) -> Effects {
        match act {
            Act::Copy { from, to } => self.copy(from, to).await,
            _ => match tokio::time::timeout(self.patience, self.write_or_read(act)).await {
                Ok(effects) => effects,
                Err(_) => meant(act),
            },
        }
    }

    async fn write_or_read(&self, act: &Act) -> Effects {
        let Self { store, bucket, .. } = self;
        match act {
            Act::Put { key: name, content, condition } => {
                let options = PutOptions { condition: condition.clone(), ..PutOptions::default() };
                let body = Body::from_bytes(content.bytes());
                let outcome = store.put(&cx(), bucket, &key(name), body, options).await;
                vec![(name.clone(), effect(outcome, Some(*content), |outcome| outcome.version_id))]
            }
            Act::Parts { key, content } => vec![(key.clone(), self.parts(key, *content).await)],
            Act::Delete { key: name } => {
                let outcome = store.delete(&cx(), bucket, &key(name), DeleteOptions::default()).await;
                vec![(name.clone(), effect(outcome, None, |_| None))]
            }
            Act::DeleteMany { keys } => self.delete_many(keys).await,
            Act::DeleteVersion { key: name, version_id } => {
                let options =
                    DeleteOptions { version_id: Some(version_id.clone()), ..DeleteOptions::default() };
                let _outcome = store.delete(&cx(), bucket, &key(name), options).await;
                Vec::new()
            }
            Act::Tag { key: name } => {
                let tags = types::TagSet::new(vec![("k".into(), "v".into())], 10).expect("legal tags");
                let _outcome = store.set_tags(&cx(), bucket, &key(name), None, tags).await;
                Vec::new()
            }
            Act::Read { key, first, length } => {
                self.read(key, *first, *length).await;
                Vec::new()
            }
            Act::Copy { .. } => Vec::new(),
        }
    }

    async fn delete_many(&self, keys: &[String]) -> Effects {
        let target = |name: &String| DeleteTarget { key: key(name), options: DeleteOptions::default() };
        let outcomes = self.store.delete_many(&cx(), &self.bucket, keys.iter().map(target).collect()).await;
        match outcomes {
            Ok(outcomes) => {
                assert_eq!(outcomes.len(), keys.len());
                let each = keys.iter().zip(outcomes);
                each.map(|(key, outcome)| (key.clone(), effect(outcome, None, |_| None))).collect()
            }
            Err(_) => keys.iter().map(|key| (key.clone(), Effect::Doubtful(None))).collect(),
        }
    }

    async fn parts(&self, name: &str, content: Content) -> Effect {
        let Self { store, bucket, .. } = self;
        let name = key(name);
        let options = CreateUploadOptions::default();
        let Ok(id) = store.create_upload(&cx(), bucket, &name, options).await else { return Effect::Nothing };
        let upload = UploadRef { bucket, key: &name, id: &id };
        let bytes = content.bytes();
        let middle = bytes.len() / 2;
        let mut parts = Vec::new();
        for (number, piece) in [(1, bytes.slice(..middle)), (2, bytes.slice(middle..))] {
            let body = Body::from_bytes(piece);
            match store.put_part(&cx(), upload, number, body, PartOptions::default()).await {
                Ok(part) => parts.push(CompletedPart { number, etag: part.etag, checksum: None }),
                Err(_) => {
                    let _outcome = store.abort_upload(&cx(), upload).await;
                    return Effect::Nothing;
                }
            }
        }
        let outcome = store.complete_upload(&cx(), upload, parts, CompleteOptions::default()).await;
        effect(outcome, Some(content), |outcome| outcome.version_id)
    }

    async fn copy(&self, from: &str, to: &str) -> Effects {
        let look = look::look(&self.store, &self.bucket, from, None);
        let Ok(Look::Found(Some(content), Some(info))) = tokio::time::timeout(self.patience, look).await
        else {
            return Vec::new();
        };
        let outcome = tokio::time::timeout(self.patience, self.copy_seen(from, info.etag, to)).await;
        let effect = match outcome {
            Ok(outcome) => effect(outcome, Some(content), |outcome| outcome.version_id),
            Err(_) => Effect::Doubtful(Some(content)),
        };
        vec![(to.to_owned(), effect)]
    }

    async fn copy_seen(&self, from: &str, etag: ETag, to: &str) -> Result<store::PutOutcome, StoreError> {
        let source = CopySource { bucket: self.bucket.clone(), key: key(from), version_id: None, etag };
        let options = CopyOptions {
            metadata: Directive::Replace(types::ObjectMetadata::default()),
            storage_class: None,
            tags: Directive::Copy,
            checksum: None,
            condition: WriteCondition::Always,
        };
        self.store.copy(&cx(), &source, &self.bucket, &key(to), options).await
    }

    /// Reads a range, beside whatever writes there are: its bytes are those of a content that was written.
    async fn read(&self, name: &str, first: u64, length: u64) {
        let Ok(opened) = self.store.open(&cx(), &self.bucket, &key(name), Default::default()).await else {
            return;
        };
        let size_bytes = opened.info.size_bytes;
        let start = first.min(size_bytes);
        let range = types::ByteRange { start, end: (start + length).min(size_bytes) };
        let Ok(body) = opened.content.read(range).await else { return };
        let (bytes, error) = look::drain(body).await;
        if error.is_some() || !self.trusting {
            return;
        }
        assert_eq!(bytes.len() as u64, range.len());
        let Ok(head) = opened.content.read(types::ByteRange { start: 0, end: 8 }).await else { return };
        let (head, error) = look::drain(head).await;
        let Some(number) = head.first_chunk().filter(|_| error.is_none()) else { return };
        let content = Content { number: u64::from_le_bytes(*number), size_bytes: size_bytes as usize };
        assert!(
            content.bytes()[range.start as usize..range.end as usize] == bytes,
            "a range of {name:?} is of one content"
        );
    }
}

/// What each key may hold after acts side by side, given what it might hold before.
pub(crate) fn settle(
    before: impl Fn(&str) -> Vec<State>,
    effects: impl IntoIterator<Item = (String, Effect)>,
) -> BTreeMap<String, Vec<State>> {
    let mut by_key: BTreeMap<String, (bool, Vec<State>)> = BTreeMap::new();
    for (key, effect) in effects {
        let (acknowledged, states) = by_key.entry(key).or_default();
        match effect {
            Effect::Acknowledged(state, _) => {
                *acknowledged = true;
                states.push(state);
            }
            Effect::Doubtful(state) => states.push(state),
            Effect::Nothing => {}
        }
    }
    let allowed = |(key, (acknowledged, mut states)): (String, (bool, Vec<State>))| {
        if !acknowledged {
            states.extend(before(&key));
        }
        states.sort();
        states.dedup();
        (key, states)
    };
    by_key.into_iter().map(allowed).collect()
}
