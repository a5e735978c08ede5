use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::json;
use store::{StoreError, Support, WriteCondition};
use types::{BucketName, Context};

use crate::api::{Query, failed, object_path};
use crate::copy::Rewrite;
use crate::guard::Guard;
use crate::names::RESERVED;
use crate::options::Trust;
use crate::store::GcsStore;
use crate::upload::{Source, Upload};

const PROBE: &str = "probe the endpoint";
const NOT_HONOURED: &str = "this endpoint lets rewrites, compositions or uploads pass whose condition does not hold, as a \
                            probe has shown";

/// What a probe has shown of conditions on writes.
#[derive(Debug, Default)]
pub(crate) struct Conditions(AtomicU8);

impl Conditions {
    const UNKNOWN: u8 = 0;
    const HONOURED: u8 = 1;
    const IGNORED: u8 = 2;

    pub(crate) fn of(trust: Trust) -> Self {
        Self(AtomicU8::new(match trust {
            Trust::Documented => Self::HONOURED,
            Trust::Probe => Self::UNKNOWN,
        }))
    }

    /// Whether writes may be conditional; not before it has been shown.
    pub(crate) fn support(&self) -> Support {
        match self.0.load(Ordering::Relaxed) {
            Self::HONOURED => Support::Yes,
            Self::IGNORED => Support::No(NOT_HONOURED),
            _ => Support::No("this endpoint has not shown yet that it honours conditions on writes"),
        }
    }

    fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed) != Self::UNKNOWN
    }

    fn settle(&self, honoured: bool) {
        self.0.store(if honoured { Self::HONOURED } else { Self::IGNORED }, Ordering::Relaxed);
    }
}

impl GcsStore {
    /// Refuses a condition that the endpoint would not hold.
    pub(crate) fn require_conditional_put(
        &self,
        condition: &WriteCondition,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        match (condition, self.conditions.support()) {
            (WriteCondition::Always, _) | (_, Support::Yes | Support::Supplied(_)) => Ok(()),
            (_, Support::No(reason)) => {
                Err(StoreError::new(store::StoreErrorKind::Unsupported(reason), operation))
            }
        }
    }

    /// Shows once whether the endpoint honours conditions, by writes to a reserved name in this bucket whose condition
    /// does not hold. Where the writes themselves are not allowed, nothing is shown and the next bucket is tried.
    pub(crate) async fn ensure_probed(&self, cx: &Context, bucket: &BucketName) -> Result<(), StoreError> {
        if self.conditions.is_known() {
            return Ok(());
        }
        let _probing = self.probing.lock().await;
        if self.conditions.is_known() {
            return Ok(());
        }
        let name = format!("{RESERVED}probe-{:016x}", self.random.next_u64());
        let bucket = bucket.as_str();
        let made = self.probe_insert(cx, bucket, &name, Guard::default()).await?;
        if !made.is_success() {
            return Ok(());
        }
        let shown = self.probe_guarded(cx, bucket, &name).await;
        let removal = self.api.request(Method::DELETE, &object_path(bucket, &name), &Query::new());
        let removal = removal.map_err(|error| failed(error, PROBE))?;
        let _ = self.api.ask_nothing(cx, removal).await;
        let honoured = shown?;
        tracing::info!(bucket, honoured, "probed the endpoint for conditions on writes");
        self.conditions.settle(honoured);
        Ok(())
    }

    /// Whether each kind of write to an object that is there is refused where none may be there.
    async fn probe_guarded(&self, cx: &Context, bucket: &str, name: &str) -> Result<bool, StoreError> {
        if self.probe_insert(cx, bucket, name, Guard::ABSENT).await? != StatusCode::PRECONDITION_FAILED {
            return Ok(false);
        }
        let Some(found) = self.look(cx, bucket, name, None).await? else { return Ok(false) };
        let resource = json!({ "contentType": "text/plain" });
        let rewrite = Rewrite {
            from: (bucket, name),
            generation: found.generation,
            to: (bucket, name),
            resource: &resource,
            guard: Guard::ABSENT,
        };
        let rewritten = self.rewrite(cx, &rewrite).await.map_err(|error| failed(error, PROBE))?;
        if !rewritten.is_err_and(|refusal| refusal.is_condition()) {
            return Ok(false);
        }
        let composed = self.compose(cx, (bucket, name), &[name.to_owned()], &resource, Guard::ABSENT).await;
        let composed = composed.map_err(|error| failed(error, PROBE))?;
        Ok(composed.is_err_and(|refusal| refusal.is_condition()))
    }

    async fn probe_insert(
        &self,
        cx: &Context,
        bucket: &str,
        name: &str,
        guard: Guard,
    ) -> Result<StatusCode, StoreError> {
        let upload = Upload { bucket, resource: json!({ "name": name }), guard };
        let asked = self.upload(cx, upload, Source::Whole(vec![Bytes::from_static(b"probe")])).await;
        Ok(match asked.map_err(|error| failed(error, PROBE))? {
            Ok(_) => StatusCode::OK,
            Err(refusal) => refusal.status,
        })
    }
}
