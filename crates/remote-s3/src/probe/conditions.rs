use hash::Md5;
use http::Method;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};
use store::StoreError;
use types::{BucketName, Context};

use crate::probe::trace::{Answer, Trace, answer_of};
use crate::probe::{NO_CONDITIONS, Proven};
use crate::store::Inner;
use crate::store::with_md5;
use crate::wire::{Call, Failure, Seen};
use crate::{Conditional, headers, xml};

/// The tag of no object.
const NO_TAG: &str = "\"00000000000000000000000000000000\"";
/// The version of what is kept in the ledger.
const FORMAT: u8 = 1;

impl Inner {
    /// Which conditional writes the service honours in a bucket, by the setting or by a probe that is made once.
    ///
    /// # Errors
    /// Failures of the service.
    pub(crate) async fn proven(&self, cx: &Context, bucket: &BucketName) -> Result<Proven, StoreError> {
        match self.conditional {
            Conditional::Native => return Ok(Proven::ALL),
            Conditional::Refuse => return Ok(Proven::default()),
            Conditional::Probe => {}
        }
        if let Some(proven) = self.probes.conditions(bucket) {
            return Ok(proven);
        }
        let _one_at_a_time = self.probes.running().await;
        if let Some(proven) = self.probes.conditions(bucket) {
            return Ok(proven);
        }
        let name = format!("conditions/{bucket}");
        let proven = match self.ledger.value(name.as_bytes()).await?.as_deref() {
            Some(&[FORMAT, bits]) => Proven::from_byte(bits),
            _ => {
                let found = probe(self, cx, bucket.as_str()).await;
                let found =
                    found.map_err(|failure| failure.into_store(Seen::default(), "probe a service"))?;
                self.ledger.put_value(name.as_bytes(), &[FORMAT, found.to_byte()]).await?;
                tracing::info!(%bucket, ?found, "the service was asked which conditional writes it honours");
                found
            }
        };
        self.probes.keep_conditions(bucket, proven);
        Ok(proven)
    }

    /// What to say of conditional puts, copies and deletes before any was asked for.
    pub(crate) fn supports_conditions(&self, bucket: &BucketName) -> [store::Support; 3] {
        const REFUSED: &str = "conditional writes are refused by the setting conditional = \"refuse\"";
        let support = |yes: bool| if yes { store::Support::Yes } else { store::Support::No(NO_CONDITIONS) };
        match self.conditional {
            Conditional::Native => [store::Support::Yes; 3],
            Conditional::Refuse => [store::Support::No(REFUSED); 3],
            Conditional::Probe => {
                // Where nothing is known yet, the first conditional write finds out before it is made.
                let likely = self.probes.likely_conditions(bucket).unwrap_or(Proven::ALL);
                [likely.put && likely.complete, likely.copy, likely.delete].map(support)
            }
        }
    }
}

async fn probe(inner: &Inner, cx: &Context, bucket: &str) -> Result<Proven, Failure> {
    let mut trace = Trace::begin(inner, cx, bucket);
    let found = probe_key(&mut trace).await;
    trace.clean().await;
    found
}

async fn probe_key(trace: &mut Trace<'_>) -> Result<Proven, Failure> {
    let mut proven = Proven { put: puts(trace).await?, ..Proven::default() };
    // What follows needs an object.
    let plain = trace.put("plain");
    let (made, answer) = trace.ask(plain).await?;
    if made != Answer::Done {
        return Ok(proven);
    }
    let tag = tag_of(&answer);
    proven.complete = completes(trace).await?;
    proven.copy = copies(trace).await?;
    proven.delete_many = deletes_many(trace).await?;
    let again = trace.put("plain");
    let (_, answer) = trace.ask(again).await?;
    let tag = tag_of(&answer).or(tag);
    proven.delete = deletes(trace, tag).await?;
    Ok(proven)
}

fn tag_of(answer: &HeaderMap) -> Option<String> {
    headers::etag(answer).map(|etag| format!("\"{etag}\""))
}

fn on(mut call: Call<'static>, name: http::HeaderName, value: &str) -> Call<'static> {
    call.headers.insert(name, HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(NO_TAG)));
    call
}

/// A key is made once; then it is replaced only where its tag is named.
async fn puts(trace: &mut Trace<'_>) -> Result<bool, Failure> {
    let create = |trace: &Trace<'_>| on(trace.put("first"), IF_NONE_MATCH, "*");
    let (first, answer) = trace.ask(create(trace)).await?;
    let (second, _) = trace.ask(create(trace)).await?;
    let wrong = on(trace.put("second"), IF_MATCH, NO_TAG);
    let (wrong, _) = trace.ask(wrong).await?;
    let Some(tag) = tag_of(&answer) else { return Ok(false) };
    let right = on(trace.put("second"), IF_MATCH, &tag);
    let (right, _) = trace.ask(right).await?;
    Ok([first, second, wrong, right]
        == [Answer::Done, Answer::ConditionFailed, Answer::ConditionFailed, Answer::Done])
}

/// An upload that must not replace the object does not.
async fn completes(trace: &mut Trace<'_>) -> Result<bool, Failure> {
    let key = trace.key.clone();
    let call = |method| Call { bucket: Some(trace.bucket), key: Some(&key), ..Call::service(method).once() };
    let Ok(begun) = trace.inner.wire.document(trace.cx, call(Method::POST).of("uploads")).await else {
        return Ok(false);
    };
    let Some(id) = begun.root.get("UploadId") else { return Ok(false) };
    let part = call(Method::PUT).with("partNumber", "1").with("uploadId", id);
    let outcome = match trace.inner.wire.plain(trace.cx, part.bytes("part".into())).await {
        Ok(_) => {
            let mut document = xml::Writer::root("CompleteMultipartUpload");
            document.open("Part");
            document.text("PartNumber", "1");
            document.text("ETag", &format!("\"{}\"", types::ETag::from_md5(Md5::digest(b"part"))));
            document.close("Part");
            let complete = call(Method::POST).with("uploadId", id).header("if-none-match", "*");
            let complete = complete.bytes(document.finish("CompleteMultipartUpload"));
            Some(trace.inner.wire.document(trace.cx, complete).await)
        }
        Err(_) => None,
    };
    let abort = call(Method::DELETE).with("uploadId", id);
    let _ = trace.inner.wire.plain(trace.cx, abort).await;
    match outcome {
        Some(Ok(document)) => {
            trace.remember(&document.headers);
            Ok(false)
        }
        Some(Err(failure)) => Ok(answer_of(failure)? == Answer::ConditionFailed),
        None => Ok(false),
    }
}

/// A copy that must not replace the object does not.
async fn copies(trace: &mut Trace<'_>) -> Result<bool, Failure> {
    let source = format!("/{}/{}", trace.bucket, trace.key);
    let copy = |trace: &Trace<'_>| {
        trace
            .call(Method::PUT)
            .header("x-amz-copy-source", source.clone())
            .header("x-amz-metadata-directive", "REPLACE")
    };
    let absent = on(copy(trace), IF_NONE_MATCH, "*");
    let (absent, _) = trace.ask(absent).await?;
    let wrong = on(copy(trace), IF_MATCH, NO_TAG);
    let (wrong, _) = trace.ask(wrong).await?;
    Ok([absent, wrong] == [Answer::ConditionFailed; 2])
}

/// A delete that names another tag removes nothing; one that names the right one does.
async fn deletes(trace: &mut Trace<'_>, tag: Option<String>) -> Result<bool, Failure> {
    let Some(tag) = tag else { return Ok(false) };
    let wrong = on(trace.call(Method::DELETE), IF_MATCH, NO_TAG);
    let (wrong, _) = trace.ask(wrong).await?;
    let right = on(trace.call(Method::DELETE), IF_MATCH, &tag);
    let (right, _) = trace.ask(right).await?;
    Ok([wrong, right] == [Answer::ConditionFailed, Answer::Done])
}

/// The same of many deletes in one request.
async fn deletes_many(trace: &mut Trace<'_>) -> Result<bool, Failure> {
    let mut document = xml::Writer::root("Delete");
    document.open("Object");
    document.text("Key", &trace.key);
    document.text("ETag", NO_TAG.trim_matches('"'));
    document.close("Object");
    let call =
        with_md5(Call::bucket(Method::POST, trace.bucket).of("delete").once(), document.finish("Delete"));
    let answer = match trace.inner.wire.document(trace.cx, call).await {
        Ok(document) => document,
        Err(failure) => {
            answer_of(failure)?;
            return Ok(false);
        }
    };
    if let Some(marker) = answer.root.child("Deleted").and_then(|done| done.get("DeleteMarkerVersionId")) {
        let mut headers = HeaderMap::new();
        headers.extend(
            HeaderValue::from_str(marker).map(|id| (http::HeaderName::from_static("x-amz-version-id"), id)),
        );
        trace.remember(&headers);
    }
    let refused = answer.root.child("Error").and_then(|error| error.get("Code"));
    Ok(refused == Some("PreconditionFailed"))
}
