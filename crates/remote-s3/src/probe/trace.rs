use bytes::Bytes;
use http::{HeaderMap, Method};
use types::{Context, VersionId};

use crate::headers;
use crate::probe::PREFIX;
use crate::store::Inner;
use crate::wire::{Call, Failure};

/// The most that a probe writes and has to remove again.
const MAX_TRACES: usize = 64;

/// What a service answered to something that it should do, or should refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It did it.
    Done,
    /// It found that the condition does not hold.
    ConditionFailed,
    /// It refused for another reason: it does not know the request, or does not allow it.
    Refused,
}

/// A reserved key, and every version of it that the probe has made.
pub(super) struct Trace<'a> {
    pub(super) inner: &'a Inner,
    pub(super) cx: &'a Context,
    pub(super) bucket: &'a str,
    pub(super) key: String,
    versions: Vec<VersionId>,
}

impl<'a> Trace<'a> {
    pub(super) fn begin(inner: &'a Inner, cx: &'a Context, bucket: &'a str) -> Self {
        let key = format!("{PREFIX}{:032x}", inner.random.next_u128());
        Self { inner, cx, bucket, key, versions: Vec::new() }
    }

    /// A small put to the key.
    pub(super) fn put(&self, bytes: &'static str) -> Call<'static> {
        self.call(Method::PUT).bytes(Bytes::from_static(bytes.as_bytes()))
    }

    /// A request for the key, made once.
    pub(super) fn call(&self, method: Method) -> Call<'static> {
        let mut call = Call::service(method).once();
        // The names are given again when it is sent.
        call.bucket = None;
        call
    }

    /// Sends a request for the key and remembers the version that it made.
    ///
    /// # Errors
    /// [`Failure`] where the answer tells nothing.
    pub(super) async fn ask(&mut self, call: Call<'_>) -> Result<(Answer, HeaderMap), Failure> {
        let key = self.key.clone();
        let call = Call { bucket: Some(self.bucket), key: Some(&key), ..call };
        match self.inner.wire.plain(self.cx, call).await {
            Ok(answer) => {
                self.remember(&answer);
                Ok((Answer::Done, answer))
            }
            Err(failure) => Ok((answer_of(failure)?, HeaderMap::new())),
        }
    }

    pub(super) fn remember(&mut self, answer: &HeaderMap) {
        let version = headers::version_id(answer).filter(|_| self.versions.len() < MAX_TRACES);
        if let Some(version) = version.filter(|version| !self.versions.contains(version)) {
            self.versions.push(version);
        }
    }

    /// Removes all that the probe has made.
    pub(super) async fn clean(mut self) {
        let delete = self.call(Method::DELETE);
        let _ = self.ask(delete).await;
        for version in std::mem::take(&mut self.versions) {
            let call = Call { bucket: Some(self.bucket), key: Some(&self.key), ..self.call(Method::DELETE) };
            let removed = self.inner.wire.plain(self.cx, call.with("versionId", version.as_str())).await;
            if let Err(failure) = removed {
                tracing::warn!(key = self.key, ?failure, "what a probe made could not be removed");
            }
        }
    }
}

/// What a refusal tells.
///
/// # Errors
/// The failure itself where it tells nothing.
pub(super) fn answer_of(failure: Failure) -> Result<Answer, Failure> {
    match failure.status() {
        Some(409 | 412) => Ok(Answer::ConditionFailed),
        Some(status) if status == 501 || (status < 500 && status != 429) => Ok(Answer::Refused),
        _ => Err(failure),
    }
}
