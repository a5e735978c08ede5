use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use store::{Bucket, DeleteOptions, DeleteOutcome, DeleteTarget, Missing, StoreError, WriteCondition};
use types::{Context, ObjectKey, VersionId};

use crate::compose::Target;
use crate::encode::is_storable;
use crate::store::Azure;

const OPERATION: &str = "delete object";
/// Deletes under way at once for one call.
const DELETES_AT_ONCE: usize = 32;

impl Azure {
    pub(crate) async fn delete(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        let outcome = DeleteOutcome { version_id: options.version_id.clone(), delete_marker: false };
        let is_absent = !is_storable(key) || matches!(options.version_id, Some(VersionId::Id(_)));
        if is_absent {
            let what = if options.version_id.is_some() { Missing::Version } else { Missing::Key };
            return match options.condition {
                WriteCondition::Always | WriteCondition::IfAbsent => Ok(outcome),
                _ => Err(StoreError::missing(what, OPERATION)),
            };
        }
        self.hold_bucket(bucket, OPERATION).await?;
        let container = bucket.name.as_str();
        let target = Target { cx, container, key, condition: &options.condition, operation: OPERATION };
        let guard = self.guard(&target).await?;
        match self.api.delete(cx, container, key.as_str(), &guard).await {
            Ok(()) => self.ledger.remove_identity(&bucket.name, key).await?,
            Err(failure) if failure.is_missing() => match options.condition {
                WriteCondition::Always | WriteCondition::IfAbsent => {}
                _ => return Err(target.refused(None)),
            },
            Err(failure) if failure.is_condition() => {
                let found = self.api.head(cx, container, key.as_str()).await;
                return Err(match found {
                    Err(failure) if !failure.is_missing() => failure.into_store(OPERATION),
                    found => target.refused(found.ok().as_ref()),
                });
            }
            Err(failure) => {
                self.note_missing(bucket, &failure);
                return Err(failure.into_store(OPERATION));
            }
        }
        Ok(outcome)
    }

    /// Each key's targets one after the other, different keys at once.
    pub(crate) async fn delete_many(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: Vec<DeleteTarget>,
    ) -> Vec<Result<DeleteOutcome, StoreError>> {
        let mut by_key: HashMap<&ObjectKey, Vec<usize>> = HashMap::new();
        for (place, target) in targets.iter().enumerate() {
            by_key.entry(&target.key).or_default().push(place);
        }
        let deletes: Vec<_> =
            by_key.into_values().map(|places| self.delete_in_turn(cx, bucket, &targets, places)).collect();
        let deletes = stream::iter(deletes).buffer_unordered(DELETES_AT_ONCE);
        let mut outcomes: Vec<_> = deletes.collect::<Vec<_>>().await.into_iter().flatten().collect();
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    async fn delete_in_turn(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: &[DeleteTarget],
        places: Vec<usize>,
    ) -> Vec<(usize, Result<DeleteOutcome, StoreError>)> {
        let mut outcomes = Vec::with_capacity(places.len());
        for place in places {
            let target = &targets[place];
            outcomes.push((place, self.delete(cx, bucket, &target.key, &target.options).await));
        }
        outcomes
    }
}
