use std::sync::Arc;

use futures_util::{StreamExt, stream};
use store::{DeleteTarget, Missing, OpenOptions, StoreError, StoreErrorKind, UploadRef, Versioning};
use types::{Counter, ObjectKey, VersionId};

use super::account::{Account, Visit};
use super::claim::{Claim, End};
use super::count::Below;
use super::group::{Item, Upload, Usage};
use super::taking::Taking;
use crate::wrap::{Answer, Sent, Size};

/// Targets of one call that are looked at side by side.
const LOOKS_AT_ONCE: usize = 32;

/// One write into a bucket whose usage is kept.
pub(crate) struct Write<'a> {
    pub(crate) account: Arc<Account>,
    pub(crate) below: Below,
    /// Counts writes that there was no room for.
    pub(crate) refused: &'a Counter,
}

/// A call of the store below.
pub(crate) trait Run<S, T>: FnMut(S) -> Self::Running + Send {
    type Running: Future<Output = Result<T, StoreError>> + Send;
}

impl<S, T, F: Future<Output = Result<T, StoreError>> + Send, R: FnMut(S) -> F + Send> Run<S, T> for R {
    type Running = F;
}

impl Write<'_> {
    /// An object that comes as a body or is copied.
    pub(crate) async fn put<S: Sent, T: Answer>(
        &self,
        key: &ObjectKey,
        size: Size<'_>,
        sent: S,
        run: impl Run<S, T>,
    ) -> Result<T, StoreError> {
        let bytes = self.bytes(size).await?;
        let wanted = Usage { bytes: bytes.unwrap_or(0), objects: 1 };
        let (_visit, claim) = self.claim(self.replaced(key), wanted).await?;
        let outcome = self.bring(claim, wanted.objects, bytes, sent, run).await;
        if let Some(made) = outcome.as_ref().ok().and_then(Answer::made) {
            let has_own_version = matches!(made.version_id, Some(VersionId::Id(_)));
            // Versioning was changed while the write was under way: it replaced something, or did not, against expectation.
            if has_own_version != (self.below.bucket.versioning == Versioning::Enabled) {
                self.account.doubtful();
            }
        }
        outcome
    }

    /// A part that comes as a body or is copied.
    pub(crate) async fn put_part<S: Sent, T: Answer>(
        &self,
        upload: UploadRef<'_>,
        number: u32,
        size: Size<'_>,
        sent: S,
        run: impl Run<S, T>,
    ) -> Result<T, StoreError> {
        let bytes = self.bytes(size).await?;
        let wanted = Usage { bytes: bytes.unwrap_or(0), objects: 0 };
        let upload = Upload::from(upload);
        self.hear_of(&upload).await?;
        let item = Item::Part(upload, number);
        let (_visit, claim) = self.claim(Some(item), wanted).await?;
        let outcome = self.bring(claim, wanted.objects, bytes, sent, run).await;
        self.note_missing(&outcome);
        outcome
    }

    /// Doubts where a call has found that there is no such upload. Its parts may be an object's by now, so their room is not
    /// given back before the next count.
    fn note_missing<T>(&self, outcome: &Result<T, StoreError>) {
        if let Err(StoreError { kind: StoreErrorKind::Missing(Missing::Upload), .. }) = outcome {
            self.account.doubtful();
        }
    }

    /// Counts the parts of an upload whose beginning went past the account. No part of it comes by here before that is done, so
    /// none is counted twice.
    async fn hear_of(&self, upload: &Upload) -> Result<(), StoreError> {
        let _visit = self.account.enter(&self.below).await?;
        if !self.account.knows_upload(upload)
            && let Some(bytes) = self.below.count_parts(upload).await?
        {
            self.account.hear_of_upload(upload.clone(), bytes);
        }
        Ok(())
    }

    /// An object made of parts, whose bytes are counted already.
    pub(crate) async fn complete<S: Sent, T: Answer>(
        &self,
        upload: UploadRef<'_>,
        sent: S,
        mut run: impl Run<S, T>,
    ) -> Result<T, StoreError> {
        let upload = Upload::from(upload);
        let wanted = Usage { bytes: 0, objects: 1 };
        let (_visit, mut claim) = self.claim(self.replaced(&upload.key), wanted).await?;
        claim.begin_with_parts(&upload);
        let outcome = run(sent).await;
        let made = match &outcome {
            Ok(answer) => answer.made(),
            Err(error) => {
                let end = end_of(error);
                claim.settle(end, &self.below).await;
                if end == End::Unknown {
                    // The parts may be the object's already, and are counted beside it.
                    self.account.doubtful();
                }
                self.note_missing(&outcome);
                return outcome;
            }
        };
        let parts_bytes = self.account.end_upload(&upload);
        let holds = Usage { bytes: made.map_or(0, |made| made.size_bytes), objects: 1 };
        // An upload that is not known any more was completed before: the answer is repeated, and adds no version.
        let is_repeated = parts_bytes.is_none() && self.below.bucket.versioning == Versioning::Enabled;
        claim.settle(if is_repeated { End::Unchanged } else { End::Holds(holds) }, &self.below).await;
        self.account.give_back(parts_bytes.unwrap_or(0));
        outcome
    }

    /// Begins an upload.
    pub(crate) async fn begin_upload<S: Sent, T: Answer>(
        &self,
        key: &ObjectKey,
        sent: S,
        mut run: impl Run<S, T>,
    ) -> Result<T, StoreError> {
        let _visit = self.account.enter(&self.below).await?;
        let answer = run(sent).await?;
        if let Some(id) = answer.begun() {
            self.account.begin_upload(Upload { key: key.clone(), id: id.clone() });
        }
        Ok(answer)
    }

    /// Drops an upload.
    pub(crate) async fn abort<S: Sent, T: Answer>(
        &self,
        upload: UploadRef<'_>,
        sent: S,
        mut run: impl Run<S, T>,
    ) -> Result<T, StoreError> {
        // It adds nothing; the claim doubts where nobody can tell whether it took effect.
        let (_visit, mut claim) = self.claim(None, Usage::NOTHING).await?;
        claim.begin();
        let outcome = run(sent).await;
        let end = outcome.as_ref().map_or_else(end_of, |_| End::Holds(Usage::NOTHING));
        claim.settle(end, &self.below).await;
        match &outcome {
            Ok(_) => self.account.give_back(self.account.end_upload(&upload.into()).unwrap_or(0)),
            Err(_) => self.note_missing(&outcome),
        }
        outcome
    }

    /// Removes an object or version.
    pub(crate) async fn delete<S: Sent, T: Answer>(
        &self,
        key: &ObjectKey,
        version_id: Option<&VersionId>,
        sent: S,
        mut run: impl Run<S, T>,
    ) -> Result<T, StoreError> {
        let Some(item) = self.removed(key, version_id) else {
            let _visit = self.account.enter(&self.below).await?;
            return run(sent).await;
        };
        let (_visit, mut claim) = self.claim(Some(item), Usage::NOTHING).await?;
        claim.begin();
        let outcome = run(sent).await;
        let end = outcome.as_ref().map_or_else(end_of, |_| End::Holds(Usage::NOTHING));
        claim.settle(end, &self.below).await;
        outcome
    }

    /// Removes many.
    pub(crate) async fn delete_many<S: Sent, T: Answer>(
        &self,
        targets: &[DeleteTarget],
        sent: S,
        mut run: impl Run<S, T>,
    ) -> Result<T, StoreError> {
        let _visit = self.account.enter(&self.below).await?;
        let mut joining = Vec::with_capacity(targets.len());
        for target in targets {
            let item = self.removed(&target.key, target.options.version_id.as_ref());
            joining.push(async move {
                match item {
                    Some(item) => Claim::join(&self.account, Some(item), &self.below).await.map(Some),
                    None => Ok(None),
                }
            });
        }
        let joined: Vec<Result<Option<Claim>, StoreError>> =
            stream::iter(joining).buffered(LOOKS_AT_ONCE).collect().await;
        let mut claims = joined.into_iter().collect::<Result<Vec<_>, _>>()?;
        claims.iter_mut().flatten().for_each(Claim::begin);
        let answer = run(sent).await?;
        for (claim, outcome) in claims.into_iter().zip(answer.each()) {
            let end = outcome.as_ref().map_or_else(end_of, |_| End::Holds(Usage::NOTHING));
            if let Some(claim) = claim {
                claim.settle(end, &self.below).await;
            }
        }
        Ok(answer)
    }

    /// Runs a write for which room is reserved, or is as it comes, and settles what came of it.
    async fn bring<S: Sent, T: Answer>(
        &self,
        mut claim: Claim,
        objects: u64,
        bytes: Option<u64>,
        sent: S,
        mut run: impl Run<S, T>,
    ) -> Result<T, StoreError> {
        claim.begin();
        let taking = Taking::by(&claim, objects);
        let sent = if bytes.is_none() { sent.with_body(|body| taking.of(body)) } else { sent };
        let mut outcome = run(sent).await;
        if outcome.is_err()
            && let Some(full) = taking.full()
        {
            self.refused.add(1);
            outcome = Err(full);
        }
        let end = match &outcome {
            Ok(answer) => {
                let came = bytes.unwrap_or_else(|| taking.bytes());
                let bytes = answer.made().map_or(came, |made| made.size_bytes);
                End::Holds(Usage { bytes, objects })
            }
            Err(error) => end_of(error),
        };
        claim.settle(end, &self.below).await;
        outcome
    }

    /// Waits until the bucket is counted and takes room; where there is none, and doubt, the bucket is counted again first.
    async fn claim(&self, item: Option<Item>, wanted: Usage) -> Result<(Visit, Claim), StoreError> {
        loop {
            let visit = self.account.enter(&self.below).await?;
            let claim = Claim::join(&self.account, item.clone(), &self.below).await?;
            let Err(full) = claim.reserve(wanted) else { return Ok((visit, claim)) };
            drop((claim, visit));
            if !self.account.doubt() {
                self.refused.add(1);
                return Err(full);
            }
        }
    }

    /// What a new object at this key replaces.
    fn replaced(&self, key: &ObjectKey) -> Option<Item> {
        match self.below.bucket.versioning {
            Versioning::Off => Some(Item::Object(key.clone(), None)),
            Versioning::Suspended => Some(Item::Object(key.clone(), Some(VersionId::Null))),
            Versioning::Enabled => None,
        }
    }

    /// What a delete removes; nothing where it only puts a marker.
    fn removed(&self, key: &ObjectKey, version_id: Option<&VersionId>) -> Option<Item> {
        match (version_id, self.below.bucket.versioning) {
            (None, _) | (Some(VersionId::Null), Versioning::Off) => self.replaced(key),
            (Some(version_id), _) => Some(Item::Object(key.clone(), Some(version_id.clone()))),
        }
    }

    /// How many bytes a write brings, where that is known before.
    async fn bytes(&self, size: Size<'_>) -> Result<Option<u64>, StoreError> {
        Ok(match size {
            Size::Sent(bytes) => bytes,
            Size::Copied(_, Some(range)) => Some(range.len()),
            Size::Copied(source, None) => {
                let version_id = source.version_id.clone();
                let options = OpenOptions { version_id, ..OpenOptions::default() };
                let Below { store, cx, .. } = &self.below;
                Some(store.head(cx, &source.bucket, &source.key, options).await?.size_bytes)
            }
        })
    }
}

/// Whether a write that failed may have had an effect.
fn end_of(error: &StoreError) -> End {
    match error.kind {
        StoreErrorKind::Unavailable | StoreErrorKind::Internal | StoreErrorKind::Corrupt => End::Unknown,
        _ => End::Unchanged,
    }
}
