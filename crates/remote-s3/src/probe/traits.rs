use hash::Hasher;
use http::Method;
use store::StoreError;
use types::{BucketName, ChecksumAlgorithm, Context, ObjectKey, StorageClass};

use crate::headers;
use crate::probe::trace::{Answer, Trace};
use crate::store::Inner;
use crate::wire::{Call, Failure, Seen};

/// What a service may lack that no setting tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Trait {
    /// Keys that a file system or a URL would mangle.
    OddKeys,
    /// Storage classes beyond the standard one.
    Classes,
}

/// What begins odd keys; a key that is a folder of another one comes first.
const ODD: [&str; 4] = ["a", "a/b//c/", "a/../.", "\u{1}+ %"];

impl Inner {
    /// Finds out what the service lacks.
    ///
    /// # Errors
    /// Failures of the service.
    pub(crate) async fn traits(&self, cx: &Context, bucket: &BucketName) -> Result<(), StoreError> {
        let probes = async {
            self.probes.keep_trait(Trait::OddKeys, takes_odd_keys(self, cx, bucket.as_str()).await?);
            self.probes.keep_trait(Trait::Classes, keeps_classes(self, cx, bucket.as_str()).await?);
            Ok::<_, Failure>(())
        };
        let _one_at_a_time = self.probes.running().await;
        probes.await.map_err(|failure| failure.into_store(Seen::default(), "probe a service"))
    }
}

async fn takes_odd_keys(inner: &Inner, cx: &Context, bucket: &str) -> Result<bool, Failure> {
    let base = Trace::begin(inner, cx, bucket).key;
    let mut traces = Vec::new();
    let mut all = Ok(true);
    for odd in ODD {
        let mut trace = Trace::begin(inner, cx, bucket);
        trace.key = format!("{base}/{odd}");
        let put = trace.put("odd");
        let answer = trace.ask(put).await;
        traces.push(trace);
        match answer {
            Ok((Answer::Done, _)) => {}
            Ok(_) => all = all.map(|_| false),
            Err(failure) => all = Err(failure),
        }
    }
    // Each must be an object of its own.
    let mut found = all;
    for trace in &traces {
        if matches!(found, Ok(true)) {
            found = is_there(trace).await;
        }
    }
    for trace in traces {
        trace.clean().await;
    }
    found
}

async fn is_there(trace: &Trace<'_>) -> Result<bool, Failure> {
    let key = ObjectKey::new(&trace.key).expect("a probe's key is short");
    match trace.inner.head_now(trace.cx, trace.bucket, &key, None).await {
        Ok((info, _)) => Ok(info.etag.md5() == Some(md5_of_odd())),
        Err(failure) if failure.status().is_some_and(|status| status < 500) => Ok(false),
        Err(failure) => Err(failure),
    }
}

fn md5_of_odd() -> [u8; 16] {
    let checksum = Hasher::checksum(ChecksumAlgorithm::Md5, b"odd");
    checksum.value.as_bytes().try_into().expect("an MD5 has 16 bytes")
}

async fn keeps_classes(inner: &Inner, cx: &Context, bucket: &str) -> Result<bool, Failure> {
    let mut trace = Trace::begin(inner, cx, bucket);
    let mut put = trace.put("class");
    headers::write_storage_class(StorageClass::StandardIa, &mut put.headers);
    let answer = trace.ask(put).await;
    let kept = match answer {
        Ok((Answer::Done, _)) => shown_class(&trace).await,
        Ok(_) => Ok(false),
        Err(failure) => Err(failure),
    };
    trace.clean().await;
    kept
}

async fn shown_class(trace: &Trace<'_>) -> Result<bool, Failure> {
    let call = Call { bucket: Some(trace.bucket), key: Some(&trace.key), ..Call::service(Method::HEAD) };
    let answer = trace.inner.wire.plain(trace.cx, call).await?;
    Ok(headers::read_metadata(&answer).storage_class == StorageClass::StandardIa)
}
