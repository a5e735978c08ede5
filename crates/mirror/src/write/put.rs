use std::sync::Arc;

use meta::Commit;
use store::{Bucket, ExpectedDigests, Identity, PutOptions, PutOutcome, StoreError, WriteCondition};
use types::{Body, BucketName, Context, ObjectKey};

use super::conclude::object_plan;
use super::{Kept, Refusals, Start, Tail, Turn, Writers, to_its_end};
use crate::core::Core;
use crate::journal::Origin;

const OPERATION: &str = "put object";

impl Core {
    /// Puts an object. The body streams to all targets without a lock; only its end waits for the key's turn, so a body that
    /// stalls holds nobody up, and a put that is dropped before its end has changed nothing.
    pub(crate) async fn put(
        self: &Arc<Self>,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        (body, options): (Body, PutOptions),
    ) -> Result<PutOutcome, StoreError> {
        let record = self.record(bucket, OPERATION).await?;
        let targets = self.writable(&record);
        if targets.len() < self.needed() {
            return Err(self.unmet(OPERATION));
        }
        let condition = options.condition.clone();
        let kept = Kept {
            storage_class: options.metadata.storage_class,
            origin: origin_of(&options.identity),
            refusals: Refusals::Final,
        };
        let mut writers =
            Writers::new(self.clone(), targets, self.needed(), self.putting(&bucket.name, key, options));
        let tail = writers.stream(body).await?;
        let (core, cx, bucket, key) = (self.clone(), cx.clone(), bucket.clone(), key.clone());
        to_its_end(OPERATION, |wanted| async move {
            let mut turn = core.turn(&bucket, &key, OPERATION).await?.wanted(&wanted);
            turn.require(&condition).await?;
            turn.commit_put(&cx, writers, (tail, kept)).await
        })
        .await
    }

    /// How a target is given the object.
    pub(crate) fn putting(
        self: &Arc<Self>,
        bucket: &BucketName,
        key: &ObjectKey,
        options: PutOptions,
    ) -> Start<PutOutcome> {
        let (core, bucket, key) = (self.clone(), bucket.clone(), key.clone());
        Arc::new(move |place, body| {
            let (key, options) = (
                key.clone(),
                PutOptions {
                    condition: WriteCondition::Always,
                    metadata: options.metadata.clone(),
                    identity: options.identity.clone(),
                },
            );
            core.call(place, &bucket, move |store, bucket| async move {
                let options = fitting(&*store, &bucket, options);
                store.put(&Context::background(), &bucket, &key, body, options).await
            })
        })
    }
}

/// Whose digests an identity has.
fn origin_of(identity: &Identity) -> Origin {
    match identity {
        Identity::Compute(_) => Origin::Computed,
        Identity::Supplied(_) => Origin::Supplied,
    }
}

/// The options as a store takes them: an identity that it does not keep it makes itself.
pub(crate) fn fitting(store: &dyn store::Store, bucket: &Bucket, mut options: PutOptions) -> PutOptions {
    if matches!(options.identity, Identity::Supplied(_))
        && !store.capabilities(bucket).supplied_identity.is_yes()
    {
        options.identity = Identity::Compute(ExpectedDigests::default());
    }
    options
}

impl Turn {
    /// Gives the targets the end of a body and makes durable what became of it.
    pub(crate) async fn commit_put(
        &mut self,
        cx: &Context,
        mut writers: Writers<PutOutcome>,
        (tail, kept): (Tail, Kept),
    ) -> Result<PutOutcome, StoreError> {
        if self.record.versioning != store::Versioning::Off {
            self.current().await?;
        }
        self.leave_out_those_behind(&mut writers);
        self.in_order(&mut writers).await?;
        let draft = self.draft();
        self.begin(object_plan(draft, None, kept.origin), &writers.targets()).await?;
        let (core, bucket, key) = (self.core.clone(), self.bucket.clone(), self.key.clone());
        let running = |place| core.running(place, &bucket, std::slice::from_ref(&key));
        let replies = writers.finish(tail, running).await;
        self.conclude_object(cx, draft, (replies, kept), Commit::default()).await
    }

    /// Leaves out the targets that have missed a change of the bucket since the body began.
    fn leave_out_those_behind<T: Send + 'static>(&self, writers: &mut Writers<T>) {
        for place in writers.targets() {
            if !self.record.takes_writes(self.core.targets[place].number) {
                writers.leave_out(place);
            }
        }
    }

    /// Leaves out the targets that cannot take the version in order; where too few are left for the policy, has them do first
    /// what they owe.
    pub(crate) async fn in_order<T: Send + 'static>(
        &mut self,
        writers: &mut Writers<T>,
    ) -> Result<(), StoreError> {
        self.find_out(&writers.targets()).await?;
        let mut able = Vec::new();
        let mut behind = Vec::new();
        for place in writers.targets() {
            if self.takes_object(place) { able.push(place) } else { behind.push(place) }
        }
        for place in behind {
            let is_able = able.len() < self.core.needed()
                && self.catch_up(place).await.is_ok()
                && self.takes_object(place);
            if is_able {
                able.push(place);
            } else {
                writers.leave_out(place);
            }
        }
        if able.len() < self.core.needed() { Err(self.core.unmet(OPERATION)) } else { Ok(()) }
    }
}
