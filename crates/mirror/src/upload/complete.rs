use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use meta::Commit;
use store::{
    CompleteOptions, CompletedPart, Missing, PartProblem, PutOutcome, StoreError, StoreErrorKind, UploadRef,
    WriteCondition,
};
use types::Context;

use super::find::{Found, no_upload};
use crate::core::Core;
use crate::journal::uploads::{write_abort, write_finished, write_upload};
use crate::journal::{AbortRecord, FinishedRecord, Origin, PartRecord, Sequence, UploadNumber, UploadRecord};
use crate::locks::LockName;
use crate::target::TargetNumber;
use crate::write::{Call, Fan, Kept, Refusals, Turn, object_plan, to_its_end};

const OPERATION: &str = "complete upload";
/// How long what an upload came to is kept, so that a repeated completion is answered.
const FINISHED_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

impl Core {
    /// Makes the object of the parts at every target that has them all; the others owe it.
    pub(crate) async fn complete_upload(
        self: &Arc<Self>,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let (core, cx) = (self.clone(), cx.clone());
        let (bucket, key, id) = (upload.bucket.clone(), upload.key.clone(), upload.id.clone());
        to_its_end(OPERATION, |wanted| async move {
            let mut turn = core.turn(&bucket, &key, OPERATION).await?.wanted(&wanted);
            let number = UploadNumber::parse(&id).ok_or_else(no_upload)?;
            let _upload = core.locks.alone(LockName::Upload(number)).await;
            match core.find_upload(UploadRef { bucket: &bucket, key: &key, id: &id }).await {
                Ok(found) => turn.commit_upload(&cx, found, &parts, options).await,
                Err(error) if matches!(error.kind, StoreErrorKind::Missing(Missing::Upload)) => {
                    if !turn.completed_before(number, &parts).await? {
                        return Err(error);
                    }
                    // What was made then may be at too few targets for an acknowledgement.
                    turn.spread(&cx, OPERATION).await
                }
                Err(error) => Err(error),
            }
        })
        .await
    }
}

impl Turn {
    async fn commit_upload(
        &mut self,
        cx: &Context,
        found: Found,
        parts: &[CompletedPart],
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let stored: HashMap<u32, PartRecord> =
            self.core.journal.all_parts(found.number).await?.into_iter().collect();
        hold_to(parts, &stored)?;
        self.require(&options.condition).await?;
        if self.record.versioning != store::Versioning::Off {
            self.current().await?;
        }
        let places = self.able(&found).await?;
        let draft = self.draft();
        let plan = object_plan(draft, Some(found.number), Origin::Computed);
        self.begin(plan, &places).await?;
        let mut fan = Fan::new(self.core.clone());
        for place in places {
            let parts = parts_at(self.core.targets[place].number, parts, &stored);
            let options = CompleteOptions { condition: WriteCondition::Always, ..options.clone() };
            fan.start(place, self.completing(place, &found, parts, options));
        }
        let (core, bucket, key) = (self.core.clone(), self.bucket.clone(), self.key.clone());
        fan.let_go(|place| core.running(place, &bucket, std::slice::from_ref(&key)));
        let replies = fan.collect(self.core.needed()).await;
        let done: Vec<usize> =
            replies.iter().filter(|(_, reply)| reply.done().is_some()).map(|(place, _)| *place).collect();
        let mut commit = Commit::default();
        if !done.is_empty() {
            self.end_known_upload(&mut commit, (found.number, &found.record), (draft.sequence, &done));
        }
        let storage_class = found.record.metadata.storage_class;
        let kept = Kept { storage_class, origin: Origin::Computed, refusals: Refusals::Final };
        let outcome = self.conclude_object(cx, draft, (replies, kept), commit).await;
        if !done.is_empty() {
            self.core.journal.drop_parts(found.number).await?;
        }
        outcome
    }

    /// The targets that complete the upload: those that take part and take the version in order.
    async fn able(&mut self, found: &Found) -> Result<Vec<usize>, StoreError> {
        let places = found.places(&self.core);
        self.find_out(&places).await?;
        let mut able = Vec::new();
        let mut behind = Vec::new();
        for place in places {
            if self.takes_object(place) { able.push(place) } else { behind.push(place) }
        }
        for place in behind {
            if able.len() >= self.core.needed() {
                break;
            }
            if self.catch_up(place).await.is_ok() && self.takes_object(place) {
                able.push(place);
            }
        }
        able.sort_unstable();
        if able.len() < self.core.needed() { Err(self.core.unmet(OPERATION)) } else { Ok(able) }
    }

    fn completing(
        &self,
        place: usize,
        found: &Found,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Call<PutOutcome> {
        let (key, number) = (self.key.clone(), self.core.targets[place].number);
        let id = found.record.targets.iter().find(|(known, _)| *known == number).map(|(_, id)| id.clone());
        self.core.call(place, &self.bucket, move |store, bucket| async move {
            let id = id.ok_or_else(no_upload)?;
            let upload = UploadRef { bucket: &bucket, key: &key, id: &id };
            store.complete_upload(&Context::background(), upload, parts, options).await
        })
    }

    /// Takes an upload away that became an object, and has the targets that did not make it abort theirs.
    pub(crate) async fn end_upload(
        &self,
        commit: &mut Commit,
        number: UploadNumber,
        (sequence, done): (Sequence, &[usize]),
    ) -> Result<(), StoreError> {
        if let Some(record) = self.core.journal.upload(self.record.handle, &self.key, number).await? {
            self.end_known_upload(commit, (number, &record), (sequence, done));
        }
        Ok(())
    }

    /// As [`Turn::end_upload`], of an upload whose record is at hand.
    fn end_known_upload(
        &self,
        commit: &mut Commit,
        (number, record): (UploadNumber, &UploadRecord),
        (sequence, done): (Sequence, &[usize]),
    ) {
        let handle = self.record.handle;
        write_upload(commit, (handle, &self.key), number, None);
        for (target, upload_id) in &record.targets {
            let is_done = self.core.place_of(*target).is_some_and(|place| done.contains(&place));
            if !is_done {
                let (bucket, key) = (self.bucket.clone(), self.key.as_str().to_owned());
                let abort = AbortRecord { bucket, key, upload_id: upload_id.clone() };
                write_abort(commit, *target, number, Some(&abort));
            }
        }
        let until = self.core.now().plus(FINISHED_KEPT);
        let key = self.key.as_str().to_owned();
        write_finished(commit, number, &FinishedRecord { until, handle, key, sequence });
    }

    /// Whether the upload was completed earlier with the same parts, and its object still is the current one.
    async fn completed_before(
        &self,
        number: UploadNumber,
        parts: &[CompletedPart],
    ) -> Result<bool, StoreError> {
        let Some(finished) = self.core.journal.finished(number).await? else { return Ok(false) };
        if finished.handle != self.record.handle || finished.key != self.key.as_str() {
            return Ok(false);
        }
        let version = self.state.version().filter(|version| version.sequence == finished.sequence);
        let facts = version.and_then(|version| version.facts());
        Ok(facts.is_some_and(|facts| assembly::etag_of(parts).is_none_or(|etag| etag == facts.etag)))
    }
}

/// Holds what a client lists to what was uploaded; the rest the targets hold it to.
fn hold_to(parts: &[CompletedPart], stored: &HashMap<u32, PartRecord>) -> Result<(), StoreError> {
    let refused = |problem| Err(StoreError::new(StoreErrorKind::Part(problem), OPERATION));
    if parts.is_empty() || !parts.is_sorted_by(|a, b| a.number < b.number) {
        return refused(PartProblem::Order);
    }
    for part in parts {
        if stored.get(&part.number).is_none_or(|stored| stored.etag != part.etag) {
            return refused(PartProblem::Invalid(part.number));
        }
    }
    Ok(())
}

/// The parts as a target knows them.
fn parts_at(
    target: TargetNumber,
    parts: &[CompletedPart],
    stored: &HashMap<u32, PartRecord>,
) -> Vec<CompletedPart> {
    let theirs = |part: &CompletedPart| {
        let held = &stored.get(&part.number)?.held;
        held.iter().find(|(known, _)| *known == target)?.1.clone()
    };
    parts
        .iter()
        .map(|part| CompletedPart { etag: theirs(part).unwrap_or_else(|| part.etag.clone()), ..part.clone() })
        .collect()
}
