use iam::Action;
use s3_model::{
    DeleteEntry, DeleteObjectsInput, DeleteObjectsOutput, DeleteResult, Operation, S3Error, WriteCondition,
};
use store::{DeleteOptions, DeleteTarget, StoreError, StoreErrorKind};
use types::{Context, ObjectKey, VersionId};

use crate::{Admitted, Service, conditions};

/// An entry on its way to the store.
struct Asked {
    key: ObjectKey,
    version_id: Option<VersionId>,
    condition: WriteCondition,
}

impl Service {
    /// DeleteObjects: each entry has its own outcome, and all that may be deleted go to the store in one call.
    pub(crate) async fn delete_objects(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: DeleteObjectsInput,
    ) -> Result<DeleteObjectsOutput, S3Error> {
        let bucket = admitted.bucket()?;
        let mut results: Vec<Option<DeleteResult>> = Vec::with_capacity(input.entries.len());
        let mut asked = Vec::with_capacity(input.entries.len());
        let mut targets = Vec::with_capacity(input.entries.len());
        for entry in input.entries {
            match self.target(cx, admitted, entry) {
                Ok((entry, target)) => {
                    asked.push(entry);
                    targets.push(target);
                    results.push(None);
                }
                Err(refused) => results.push(Some(*refused)),
            }
        }
        let outcomes = if targets.is_empty() {
            Vec::new()
        } else {
            let deleted = self.store.delete_many(cx, bucket, targets).await;
            deleted.map_err(|error| admitted.subject().error(cx, error))?
        };
        // An outcome that the store owes counts as a failure, never as a success.
        let owed = || Err(StoreError::new(StoreErrorKind::Internal, "delete many"));
        let outcomes = outcomes.into_iter().chain(std::iter::repeat_with(owed));
        let mut told =
            asked.into_iter().zip(outcomes).map(|(asked, outcome)| tell(cx, admitted, asked, outcome));
        let results = results.into_iter().filter_map(|result| result.or_else(|| told.next())).collect();
        Ok(DeleteObjectsOutput { verbosity: input.verbosity, results })
    }

    fn target(
        &self,
        cx: &Context,
        admitted: &Admitted,
        entry: DeleteEntry,
    ) -> Result<(Asked, DeleteTarget), Box<DeleteResult>> {
        let (key, version_id, condition) = match entry {
            DeleteEntry::Target { key, version_id, condition } => (key, version_id, condition),
            DeleteEntry::Refused { key, version_id, error } => {
                return Err(Box::new(DeleteResult::Failed { key, version_id, error }));
            }
        };
        match self.options(cx, admitted, &key, version_id.clone(), &condition) {
            Ok(options) => {
                let target = DeleteTarget { key: key.clone(), options };
                Ok((Asked { key, version_id, condition }, target))
            }
            Err(error) => {
                let key = key.as_str().to_owned();
                Err(Box::new(DeleteResult::Failed { key, version_id, error }))
            }
        }
    }

    fn options(
        &self,
        cx: &Context,
        admitted: &Admitted,
        key: &ObjectKey,
        version_id: Option<VersionId>,
        condition: &WriteCondition,
    ) -> Result<DeleteOptions, S3Error> {
        if let Some(action) = Action::of(Operation::DeleteObject, version_id.as_ref()) {
            self.require_on(cx, admitted, action, Some(key))?;
        }
        let support = self.store.capabilities(admitted.bucket()?).conditional_delete;
        Ok(DeleteOptions { version_id, condition: conditions::for_store(condition, support)? })
    }
}

fn tell(
    cx: &Context,
    admitted: &Admitted,
    asked: Asked,
    outcome: Result<store::DeleteOutcome, StoreError>,
) -> DeleteResult {
    let Asked { key, version_id, condition } = asked;
    match outcome {
        Ok(outcome) => {
            let delete_marker_version_id = if outcome.delete_marker { outcome.version_id } else { None };
            DeleteResult::Deleted { key, version_id, delete_marker_version_id }
        }
        // What is not there is deleted, as long as no condition asked for it.
        Err(StoreError { kind: StoreErrorKind::Missing(_), .. }) if condition == WriteCondition::Always => {
            DeleteResult::Deleted { key, version_id, delete_marker_version_id: None }
        }
        Err(error) => {
            let subject = admitted.subject().key(&key).version(version_id.as_ref()).conditioned(&condition);
            let error = subject.error(cx, error);
            DeleteResult::Failed { key: key.as_str().to_owned(), version_id, error }
        }
    }
}
