use store::{Missing, StoreError, StoreErrorKind, WriteCondition};
use types::{BucketName, Context, ObjectKey};

use crate::api::Query;
use crate::identity::Known;
use crate::store::GcsStore;

/// What must hold of the object that a write replaces, in the words of Cloud Storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Guard {
    /// 0 for no object.
    generation: Option<i64>,
    metageneration: Option<i64>,
}

impl Guard {
    /// Just this state of this object.
    pub(crate) fn exactly(generation: i64, metageneration: Option<i64>) -> Self {
        Self { generation: Some(generation), metageneration }
    }

    /// No object.
    pub(crate) const ABSENT: Self = Self { generation: Some(0), metageneration: None };

    /// The guard as parameters.
    pub(crate) fn apply(&self, query: Query) -> Query {
        query
            .with_some("ifGenerationMatch", self.generation)
            .with_some("ifMetagenerationMatch", self.metageneration)
    }
}

impl GcsStore {
    /// Translates a condition. An entity tag is looked up once, and the state seen becomes the condition, so that the
    /// decision is the service's and atomic.
    ///
    /// # Errors
    /// `Missing(Key)` and `ConditionFailed` where it does not hold already.
    pub(crate) async fn guard(
        &self,
        cx: &Context,
        bucket: &BucketName,
        key: &ObjectKey,
        condition: &WriteCondition,
    ) -> Result<Guard, StoreError> {
        match condition {
            WriteCondition::Always => Ok(Guard::default()),
            WriteCondition::IfAbsent => Ok(Guard::ABSENT),
            WriteCondition::IfPresent | WriteCondition::IfMatch(_) => {
                let known = self.known(cx, bucket, key, None).await?;
                let Some(known) = known else { return Err(StoreError::missing(Missing::Key, CONDITION)) };
                judge(condition, &known)?;
                // The tag rests on the metadata too; the mere presence does not.
                let metageneration = match condition {
                    WriteCondition::IfMatch(_) => known.found.metageneration,
                    _ => None,
                };
                Ok(Guard::exactly(known.found.generation, metageneration))
            }
        }
    }

    /// What a write whose guard did not hold comes to: ours after all, where an earlier attempt of it has taken effect; or
    /// how the condition failed.
    pub(crate) async fn refused(
        &self,
        cx: &Context,
        bucket: &BucketName,
        key: &ObjectKey,
        condition: &WriteCondition,
        nonce: Option<&str>,
    ) -> Result<Known, StoreError> {
        let known = self.known(cx, bucket, key, None).await?;
        if let Some(known) = &known
            && nonce.is_some()
            && known.facts.nonce.as_deref() == nonce
        {
            return Ok(known.clone());
        }
        let kind = match (condition, known) {
            (WriteCondition::IfAbsent, _) => StoreErrorKind::ConditionFailed,
            (_, None) => StoreErrorKind::Missing(Missing::Key),
            (condition, Some(known)) => match judge(condition, &known) {
                // It holds again, of another object than the one seen.
                Ok(()) => StoreErrorKind::Conflict,
                Err(error) => error.kind,
            },
        };
        Err(StoreError::new(kind, CONDITION))
    }

    /// Whether a write that got no clear answer has taken effect: its object, if it is there.
    pub(crate) async fn landed(
        &self,
        cx: &Context,
        bucket: &BucketName,
        key: &ObjectKey,
        nonce: Option<&str>,
    ) -> Option<Known> {
        nonce?;
        let known = self.known(cx, bucket, key, None).await.ok()??;
        (known.facts.nonce.as_deref() == nonce).then_some(known)
    }

    /// What tells a conditional write from all others.
    pub(crate) fn nonce(&self, condition: &WriteCondition) -> Option<String> {
        (*condition != WriteCondition::Always).then(|| format!("{:016x}", self.random.next_u64()))
    }
}

const CONDITION: &str = "hold a condition";

/// Whether a condition on an object that is there holds.
pub(crate) fn judge(condition: &WriteCondition, known: &Known) -> Result<(), StoreError> {
    let holds = match condition {
        WriteCondition::Always | WriteCondition::IfPresent => true,
        WriteCondition::IfAbsent => false,
        WriteCondition::IfMatch(etag) => *etag == known.etag,
    };
    if holds { Ok(()) } else { Err(StoreError::new(StoreErrorKind::ConditionFailed, CONDITION)) }
}
