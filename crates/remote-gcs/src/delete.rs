use std::collections::HashMap;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::{StreamExt, stream};
use http::Method;
use store::{
    Bucket, DeleteOptions, DeleteOutcome, DeleteTarget, StoreError, StoreErrorKind, Versioning,
    WriteCondition,
};
use types::{Context, ObjectKey};

use crate::api::{Asked, Query, failed, object_path};
use crate::guard::{Guard, judge};
use crate::names::is_storable;
use crate::read::{generation, missing};
use crate::store::GcsStore;

const DELETE: &str = "delete an object";
/// How many objects of one call are deleted at once.
const AT_ONCE: usize = 32;
/// How often a conditional delete that lost a race is decided again.
const DECISIONS_MAX: usize = 8;

impl GcsStore {
    pub(crate) async fn delete_object(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<DeleteOutcome, StoreError> {
        let version = options.version_id.as_ref();
        let outcome = || DeleteOutcome { version_id: version.cloned(), delete_marker: false };
        let place = generation(bucket, version).filter(|_| is_storable(key.as_str()));
        let Some(generation) = place else {
            let nothing_is_wrong = options.condition == WriteCondition::Always;
            return if nothing_is_wrong { Ok(outcome()) } else { Err(missing(version, DELETE)) };
        };
        match options.condition {
            WriteCondition::Always => {
                let query = Query::new().with_some("generation", generation);
                let asked = self.ask_delete(cx, bucket, key, &query).await;
                // What is not there needs no deleting.
                settle(asked)?;
            }
            _ => self.delete_on(cx, bucket, key, options, generation).await?,
        }
        // What the ledger holds of an earlier generation harms nobody; it goes with the current one.
        if generation.is_none() || bucket.versioning == Versioning::Off {
            self.ledger.remove_identity(&bucket.name, key).await?;
        }
        Ok(outcome())
    }

    /// Decides a condition on what is there, and deletes just that.
    async fn delete_on(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        options: &DeleteOptions,
        named: Option<i64>,
    ) -> Result<(), StoreError> {
        for _ in 0..DECISIONS_MAX {
            let version = options.version_id.as_ref();
            let known = self.known(cx, &bucket.name, key, named).await?;
            let known = match (known, &options.condition) {
                (Some(known), _) => known,
                (None, WriteCondition::IfAbsent) => return Ok(()),
                (None, _) => return Err(missing(version, DELETE)),
            };
            judge(&options.condition, &known)?;
            let found = &known.found;
            let mut query = Guard::exactly(found.generation, found.metageneration).apply(Query::new());
            if named.is_some() || bucket.versioning == Versioning::Off {
                // By name, so that it is this one or none, whatever becomes of conditions.
                query = query.with("generation", found.generation);
            }
            match settle(self.ask_delete(cx, bucket, key, &query).await)? {
                Deleted::Gone => return Ok(()),
                Deleted::Absent | Deleted::Refused => {}
            }
        }
        Err(StoreError::new(StoreErrorKind::Conflict, DELETE))
    }

    async fn ask_delete(&self, cx: &Context, bucket: &Bucket, key: &ObjectKey, query: &Query) -> Asked<()> {
        let path = object_path(bucket.name.as_str(), key.as_str());
        self.api.ask_nothing(cx, self.api.request(Method::DELETE, &path, query)?).await
    }

    /// Deletes many, those of one key one after the other.
    pub(crate) async fn delete_objects(
        &self,
        cx: &Context,
        bucket: &Bucket,
        targets: &[DeleteTarget],
    ) -> Vec<Result<DeleteOutcome, StoreError>> {
        let mut by_key: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, target) in targets.iter().enumerate() {
            by_key.entry(target.key.as_str()).or_default().push(place);
        }
        let one_key = |places: Vec<usize>| {
            let deleting = async move {
                let mut outcomes = Vec::with_capacity(places.len());
                for place in places {
                    let DeleteTarget { key, options } = &targets[place];
                    outcomes.push((place, self.delete_object(cx, bucket, key, options).await));
                }
                outcomes
            };
            // Boxed, so that the compiler need not tell the lifetimes of many futures apart.
            deleting.boxed()
        };
        let groups: Vec<BoxFuture<'_, Vec<_>>> = by_key.into_values().map(one_key).collect();
        let mut outcomes: Vec<_> =
            stream::iter(groups).buffer_unordered(AT_ONCE).flat_map(stream::iter).collect().await;
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

/// What a delete did.
enum Deleted {
    Gone,
    Absent,
    Refused,
}

fn settle(asked: Asked<()>) -> Result<Deleted, StoreError> {
    match asked.map_err(|error| failed(error, DELETE))? {
        Ok(()) => Ok(Deleted::Gone),
        Err(refusal) if refusal.is_missing() => Ok(Deleted::Absent),
        Err(refusal) if refusal.is_condition() => Ok(Deleted::Refused),
        Err(refusal) => Err(refusal.into_store(DELETE)),
    }
}
