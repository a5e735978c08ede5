//! Questions to targets, each with a bound or on its own, and what a client is told where none did what it asked.

use std::sync::Arc;
use std::time::Duration;

use store::{Bucket, Missing, ObjectInfo, OpenOptions, StoreError, StoreErrorKind};
use types::{BucketName, Context, ObjectKey};

use super::fan::Call;
use super::{Replies, Reply, fan};
use crate::core::Core;

/// How long a small question waits for its answer.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(30);

impl Core {
    /// Looks at an object of a target, for a bounded time, and tells the target's health.
    pub(crate) async fn head(
        &self,
        place: usize,
        bucket: &BucketName,
        key: &ObjectKey,
        options: OpenOptions,
    ) -> Result<ObjectInfo, StoreError> {
        self.ask(place, async {
            let bucket = self.target_bucket(place, bucket).await?;
            self.targets[place].store.head(&Context::background(), &bucket, key, options).await
        })
        .await
    }

    /// Waits a bounded time for a target's answer to a small question.
    pub(crate) async fn ask<T>(
        &self,
        place: usize,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.ask_within(place, ANSWER_MAX, question).await
    }

    pub(super) async fn ask_within<T>(
        &self,
        place: usize,
        limit: Duration,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let attempt = self.health.begin(place);
        match tokio::time::timeout(limit, question).await {
            Ok(Ok(answer)) => {
                attempt.answered();
                Ok(answer)
            }
            Ok(Err(error)) => {
                attempt.refused(&error.kind);
                Err(error)
            }
            Err(_) => {
                attempt.failed();
                Err(StoreError::new(StoreErrorKind::Unavailable, "wait for a target's answer"))
            }
        }
    }

    /// A call of a target in its own bucket, which no request's end cuts short.
    pub(crate) fn call<T, F, R>(self: &Arc<Self>, place: usize, bucket: &BucketName, call: F) -> Call<T>
    where
        T: Send + 'static,
        F: FnOnce(store::SharedStore, Bucket) -> R + Send + 'static,
        R: Future<Output = Result<T, StoreError>> + Send,
    {
        let (core, name) = (self.clone(), bucket.clone());
        Box::pin(async move {
            let bucket = core.target_bucket(place, &name).await?;
            let result = call(core.targets[place].store.clone(), bucket).await;
            if let Err(error) = &result
                && matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket) | StoreErrorKind::Conflict)
            {
                core.forget_target_bucket(place, &name);
            }
            result
        })
    }
}

/// The error that tells a client why no target did it: one that is about the request before one about a target.
pub(crate) fn refusal<T>(core: &Core, replies: Replies<T>, operation: &'static str) -> StoreError {
    let mut kept: Option<StoreError> = None;
    for (_, reply) in replies {
        let (Reply::Refused(error) | Reply::Unknown(error)) = reply else { continue };
        let about_request = fan::changed_nothing(&error.kind)
            && !matches!(error.kind, StoreErrorKind::Missing(Missing::Bucket) | StoreErrorKind::Denied);
        if about_request || matches!(error.kind, StoreErrorKind::Conflict) {
            return error;
        }
        kept = kept.or(Some(error));
    }
    core.stats.unmet.add(1);
    match kept {
        Some(error) => StoreError::with_source(StoreErrorKind::Unavailable, operation, error),
        None => StoreError::new(StoreErrorKind::Unavailable, operation),
    }
}

/// What a target says that will never have it: no outage, so it is the answer.
pub(crate) fn certain_refusal<T>(replies: &Replies<T>) -> Option<StoreError> {
    replies.iter().find_map(|(_, reply)| {
        let Reply::Refused(error) = reply else { return None };
        let kind = match error.kind {
            StoreErrorKind::Unsupported(why) => StoreErrorKind::Unsupported(why),
            StoreErrorKind::Forbidden(why) => StoreErrorKind::Forbidden(why),
            _ => return None,
        };
        Some(StoreError::new(kind, error.operation))
    })
}
