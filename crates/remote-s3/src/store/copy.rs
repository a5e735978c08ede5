use http::{HeaderValue, Method};
use sigv4::encode::encoded;
use store::{Bucket, CopyOptions, CopySource, Directive, Missing, PutOutcome, StoreError, StoreErrorKind};
use types::{Context, ETag, ObjectKey, TagSet, VersionId};

use crate::probe::Condition;
use crate::store::Inner;
use crate::store::put::{begun_by, version_of};
use crate::wire::{Call, Failure, Seen};
use crate::{checksum, date, headers};

const OPERATION: &str = "copy an object";

impl Inner {
    pub(super) async fn copy(
        &self,
        cx: &Context,
        source: &CopySource,
        bucket: &Bucket,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<PutOutcome, StoreError> {
        let told = self.tell(cx, bucket, key, (&options.condition, None), Condition::Copy).await?;
        let is_itself = source.bucket.name == bucket.name && source.key == *key;
        let options = if is_itself { self.restated(cx, source, options).await? } else { options };
        let mut call = Call::object(Method::PUT, bucket.name.as_str(), key.as_str());
        call = from(call, source)?;
        call = directives(call, &options)?;
        told.write(&mut call.headers)?;
        if told.is_some() {
            call = call.once();
        }
        let begun = self.now();
        // The answer does not tell the size.
        let source_name = source.bucket.name.as_str();
        let (answer, looked) = tokio::join!(
            self.wire.document(cx, call),
            self.head_now(cx, source_name, &source.key, source.version_id.as_ref()),
        );
        let size = looked.ok().filter(|(info, _)| info.etag == source.etag).map(|(info, _)| info.size_bytes);
        let document = match answer {
            Ok(document) => document,
            Err(failure) if told.is_some() && failure.is_ambiguous() => {
                let copied = self.head_now(cx, bucket.name.as_str(), key, None).await.ok();
                let copied = copied
                    .filter(|(info, _)| info.etag == source.etag && info.modified_at >= begun_by(begun));
                return copied
                    .map(|(info, answer)| outcome_of(bucket, info, &answer))
                    .ok_or_else(|| told.explain(failure.into_store(Seen::default(), OPERATION)));
            }
            Err(failure) => {
                return Err(told.explain(self.copy_refused(cx, source, failure, told.is_some()).await));
            }
        };
        let etag = document.root.need("ETag").map_err(|error| error.into_store(OPERATION))?;
        let (etag, version_id) = (ETag::from_text(etag), version_of(bucket, &document.headers));
        let modified_at = document.root.get("LastModified").and_then(date::of_document);
        let size_bytes = match size {
            Some(size) => size,
            None => self.size_of(cx, bucket, key, version_id.as_ref(), &etag).await?,
        };
        Ok(PutOutcome {
            etag,
            version_id,
            checksum: checksum::of_element(&document.root),
            size_bytes,
            modified_at: modified_at.unwrap_or_else(|| self.date_of(&document.headers)),
        })
    }

    /// Options for a copy of an object onto itself. S3 refuses one that says nothing new, so what is there is said again.
    async fn restated(
        &self,
        cx: &Context,
        source: &CopySource,
        options: CopyOptions,
    ) -> Result<CopyOptions, StoreError> {
        if !matches!(options.metadata, Directive::Copy) || options.storage_class.is_some() {
            return Ok(options);
        }
        let (name, version) = (source.bucket.name.as_str(), source.version_id.as_ref());
        let seen = Seen { version: version.is_some(), ..Seen::default() };
        let looked = self.head_now(cx, name, &source.key, version).await;
        let (info, _) = looked.map_err(|failure| failure.into_store(seen, OPERATION))?;
        Ok(CopyOptions { metadata: Directive::Replace(info.metadata), ..options })
    }

    async fn size_of(
        &self,
        cx: &Context,
        bucket: &Bucket,
        key: &ObjectKey,
        version: Option<&VersionId>,
        etag: &ETag,
    ) -> Result<u64, StoreError> {
        let looked = self.head_now(cx, bucket.name.as_str(), key, version).await;
        match looked {
            Ok((info, _)) if info.etag == *etag => Ok(info.size_bytes),
            // Both ends are gone already: nobody can know it any more.
            Ok(_) => Err(StoreError::new(StoreErrorKind::Conflict, OPERATION)),
            Err(failure) => Err(failure.into_store(Seen::default(), OPERATION)),
        }
    }

    /// What a refused copy means: the condition may have been that of the source, or of the target.
    pub(super) async fn copy_refused(
        &self,
        cx: &Context,
        source: &CopySource,
        failure: Failure,
        is_conditional: bool,
    ) -> StoreError {
        let seen = Seen { version: source.version_id.is_some(), ..Seen::default() };
        let error = failure.into_store(seen, OPERATION);
        match error.kind {
            StoreErrorKind::ConditionFailed if !is_conditional => {
                StoreError::with_source(StoreErrorKind::Conflict, OPERATION, error)
            }
            StoreErrorKind::ConditionFailed | StoreErrorKind::Missing(Missing::Key) => {
                let (name, version) = (source.bucket.name.as_str(), source.version_id.as_ref());
                match self.head_now(cx, name, &source.key, version).await {
                    Ok((info, _)) if info.etag != source.etag => {
                        StoreError::new(StoreErrorKind::Conflict, OPERATION)
                    }
                    Ok(_) => error,
                    Err(failure) => failure.into_store(seen, OPERATION),
                }
            }
            // Services answer a copy of a delete marker in several ways; the marker itself tells.
            StoreErrorKind::Unsupported(_) | StoreErrorKind::Missing(Missing::Version) if seen.version => {
                let (name, version) = (source.bucket.name.as_str(), source.version_id.as_ref());
                match self.head_now(cx, name, &source.key, version).await {
                    Ok(_) => error,
                    Err(failure) => failure.into_store(seen, OPERATION),
                }
            }
            _ => error,
        }
    }
}

fn outcome_of(bucket: &Bucket, info: store::ObjectInfo, answer: &http::HeaderMap) -> PutOutcome {
    PutOutcome {
        version_id: version_of(bucket, answer),
        etag: info.etag,
        checksum: info.checksum,
        size_bytes: info.size_bytes,
        modified_at: info.modified_at,
    }
}

/// Names the source, and pins it to the tag that the caller saw.
pub(super) fn from<'a>(mut call: Call<'a>, source: &CopySource) -> Result<Call<'a>, StoreError> {
    let mut name = format!("/{}/{}", source.bucket.name, encoded(source.key.as_str(), Some(b'/')));
    if let Some(version) = &source.version_id {
        name.push_str(&format!("?versionId={}", encoded(version.as_str(), None)));
    }
    let name = HeaderValue::from_str(&name).expect("what is encoded is visible ASCII");
    call.headers.insert("x-amz-copy-source", name);
    call.text_header("x-amz-copy-source-if-match", &format!("\"{}\"", source.etag))
}

fn directives<'a>(mut call: Call<'a>, options: &CopyOptions) -> Result<Call<'a>, StoreError> {
    match &options.metadata {
        Directive::Copy => {
            call = call.header("x-amz-metadata-directive", "COPY");
            if let Some(class) = options.storage_class {
                headers::write_storage_class(class, &mut call.headers);
            }
        }
        Directive::Replace(metadata) => {
            call = call.header("x-amz-metadata-directive", "REPLACE");
            headers::write_metadata(metadata, &mut call.headers)?;
            if let Some(class) = options.storage_class {
                call.headers.remove("x-amz-storage-class");
                headers::write_storage_class(class, &mut call.headers);
            }
        }
    }
    match &options.tags {
        Directive::Copy => {}
        Directive::Replace(tags) => {
            call = call.header("x-amz-tagging-directive", "REPLACE");
            write_all_tags(tags, &mut call);
        }
    }
    if let Some(algorithm) = options.checksum {
        call = call.header("x-amz-checksum-algorithm", algorithm.name());
    }
    Ok(call)
}

fn write_all_tags(tags: &TagSet, call: &mut Call<'_>) {
    headers::write_tags(tags, &mut call.headers);
    if tags.is_empty() {
        call.headers.insert("x-amz-tagging", HeaderValue::from_static(""));
    }
}
