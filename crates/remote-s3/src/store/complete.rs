use hash::Md5;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use store::{
    CompleteOptions, CompletedPart, Missing, PartProblem, PutOutcome, StoreError, StoreErrorKind, UploadRef,
};
use types::{Checksum, ChecksumKind, Context, ETag, VersionId};

use crate::probe::Condition;
use crate::store::conditions::Told;
use crate::store::put::version_of;
use crate::store::uploads::{Begun, of_upload};
use crate::store::{Inner, PAGE_MAX};
use crate::wire::{Call, Failure, Seen};
use crate::{checksum, xml};

const OPERATION: &str = "complete an upload";
/// The largest part of any service, in bytes: fewer parts than fit into the largest object need no look at their sizes.
const PART_MAX_BYTES: u64 = 5 * 1024 * 1024 * 1024;

impl Inner {
    pub(super) async fn complete_upload(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: Vec<CompletedPart>,
        options: CompleteOptions,
    ) -> Result<PutOutcome, StoreError> {
        let UploadRef { bucket, key, .. } = upload;
        let condition = (&options.condition, None);
        let told = self.tell(cx, bucket, key, condition, Condition::Complete).await?;
        if !parts.is_sorted_by(|a, b| a.number < b.number) {
            return Err(problem(PartProblem::Order));
        }
        let begun = self.begun(cx, upload).await;
        let begun = match begun {
            Ok(begun) => begun,
            // A completion that is repeated: the service may still answer it.
            Err(StoreError { kind: StoreErrorKind::Missing(Missing::Upload), .. }) => {
                Begun { named: None, given: None }
            }
            Err(error) => return Err(error),
        };
        check_checksums(&parts, &options, &begun)?;
        let size_bytes = self.size_of_parts(cx, upload, &parts, &options).await?;
        let call = completion(upload, &parts, &options, &told, &begun)?;
        let mut answer = self.wire.document(cx, call).await;
        let is_repeated = answer.as_ref().is_err_and(Failure::is_ambiguous);
        if is_repeated {
            // Completing twice is completing once: the second answer tells what became of the first.
            answer = self.wire.document(cx, completion(upload, &parts, &options, &told, &begun)?).await;
        }
        let document = match answer {
            Ok(document) => document,
            Err(failure) => {
                let checksum = options.checksum.map(|checksum| checksum.algorithm);
                let seen = Seen { checksum, ..Seen::default() };
                let error = self.not_completed(cx, upload, &parts, (&told, seen), failure).await;
                let outcome =
                    if is_repeated { self.completed_before(cx, upload, &parts, &error).await } else { None };
                return outcome.ok_or(error);
            }
        };
        self.forget_upload(upload).await;
        let etag = document.root.need("ETag").map_err(|error| error.into_store(OPERATION))?;
        let made = Made {
            etag: ETag::from_text(etag),
            version_id: version_of(bucket, &document.headers),
            checksum: checksum::of_element(&document.root),
            size_bytes,
        };
        self.made(cx, upload, made, &document.headers).await
    }

    /// The answer to a completion tells neither size nor time: the object itself does, else its parts. Where neither can be
    /// asked the completion fails though it took effect, since a size that is made up would be taken for the object's.
    async fn made(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        made: Made,
        answer: &HeaderMap,
    ) -> Result<PutOutcome, StoreError> {
        // A null version needs no name, and not every service that tells one knows it by that.
        let version = made.version_id.as_ref().filter(|version| **version != VersionId::Null);
        let looked = self.head_now(cx, upload.bucket.name.as_str(), upload.key, version).await;
        let (size_bytes, modified_at, checksum) = match (looked, made.size_bytes) {
            (Ok((info, _)), _) if info.etag == made.etag => {
                (info.size_bytes, info.modified_at, info.checksum)
            }
            // Not there any more, or not to be looked at.
            (_, Some(size_bytes)) => (size_bytes, self.date_of(answer), None),
            (Ok(_), None) => return Err(StoreError::new(StoreErrorKind::Unavailable, OPERATION)),
            (Err(failure), None) => {
                let error = failure.into_store(Seen::default(), OPERATION);
                return Err(StoreError::with_source(StoreErrorKind::Unavailable, OPERATION, error));
            }
        };
        Ok(PutOutcome {
            size_bytes,
            modified_at,
            checksum: made.checksum.or(checksum),
            etag: made.etag,
            version_id: made.version_id,
        })
    }

    /// The sum of the parts, held to what was stated and to the largest object allowed; `None` where it cannot be known.
    async fn size_of_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: &[CompletedPart],
        options: &CompleteOptions,
    ) -> Result<Option<u64>, StoreError> {
        let max = options.max_size_bytes.unwrap_or(u64::MAX);
        // Of services but AWS not every one looks at the size that the client states.
        let stated = options.object_size_bytes.filter(|_| !self.wire.endpoint.is_aws());
        let is_checked = stated.is_some() || (parts.len() as u64).saturating_mul(PART_MAX_BYTES) > max;
        let listed = match self.all_parts(cx, upload).await {
            Ok(listed) => listed,
            Err(StoreError { kind: StoreErrorKind::Missing(Missing::Upload), .. }) => return Ok(None),
            Err(error) if is_checked => return Err(error),
            // An account may be allowed to write and not to list.
            Err(_) => return Ok(None),
        };
        // A part that was not put is the worse mistake, and the service tells it.
        let Some(size_bytes) = sum(parts, &listed) else { return Ok(None) };
        if size_bytes > max {
            return Err(problem(PartProblem::TooLarge { size_bytes }));
        }
        match stated {
            Some(stated) if stated != size_bytes => Err(problem(PartProblem::ObjectSize)),
            _ => Ok(Some(size_bytes)),
        }
    }

    /// Number, size and tag of every part.
    async fn all_parts(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
    ) -> Result<Vec<(u32, u64, ETag)>, StoreError> {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let root = self.parts_document(cx, upload, after, PAGE_MAX).await?;
            for part in root.all("Part") {
                let part = numbered(part).map_err(|error| error.into_store(OPERATION))?;
                after = part.0;
                found.push(part);
            }
            if !root.flag("IsTruncated") {
                return Ok(found);
            }
        }
    }

    /// What a refused completion means.
    async fn not_completed(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: &[CompletedPart],
        (told, seen): (&Told, Seen),
        failure: Failure,
    ) -> StoreError {
        let is_request = failure.code() == Some("InvalidRequest");
        let error = failure.into_store(seen, OPERATION);
        match error.kind {
            // Not every service names the part.
            StoreErrorKind::Part(PartProblem::Invalid(0) | PartProblem::TooSmall { number: 0, .. }) => {
                match self.all_parts(cx, upload).await {
                    Ok(listed) => wrong_part(parts, &listed).unwrap_or(error),
                    Err(other) => other,
                }
            }
            StoreErrorKind::Unsupported(_) if is_request => {
                StoreError { kind: StoreErrorKind::Part(PartProblem::ObjectSize), ..error }
            }
            StoreErrorKind::Missing(Missing::Key) if !told.is_some() => of_upload(error),
            _ => told.explain(error),
        }
    }

    /// The outcome of a completion whose first answer was lost: the upload is gone, and what these parts make is there.
    async fn completed_before(
        &self,
        cx: &Context,
        upload: UploadRef<'_>,
        parts: &[CompletedPart],
        error: &StoreError,
    ) -> Option<PutOutcome> {
        let may_be_ours =
            matches!(error.kind, StoreErrorKind::Missing(Missing::Upload) | StoreErrorKind::ConditionFailed);
        let ours = tag_of(parts).filter(|_| may_be_ours)?;
        let found = self.head_now(cx, upload.bucket.name.as_str(), upload.key, None).await.ok();
        let (info, answer) = found.filter(|(info, _)| info.etag == ours)?;
        self.forget_upload(upload).await;
        Some(PutOutcome {
            version_id: version_of(upload.bucket, &answer),
            etag: info.etag,
            checksum: info.checksum,
            size_bytes: info.size_bytes,
            modified_at: info.modified_at,
        })
    }
}

struct Made {
    etag: ETag,
    version_id: Option<VersionId>,
    checksum: Option<Checksum>,
    /// The sum of its parts, where that is known.
    size_bytes: Option<u64>,
}

fn problem(problem: PartProblem) -> StoreError {
    StoreError::new(StoreErrorKind::Part(problem), OPERATION)
}

fn numbered(part: &xml::Element) -> Result<(u32, u64, ETag), remote::RemoteError> {
    let number = u32::try_from(part.number("PartNumber")?).unwrap_or(u32::MAX);
    Ok((number, part.number("Size")?, ETag::from_text(part.need("ETag")?)))
}

/// A part among those put, which are in order of number.
fn find<'a>(listed: &'a [(u32, u64, ETag)], part: &CompletedPart) -> Option<&'a (u32, u64, ETag)> {
    listed.binary_search_by_key(&part.number, |found| found.0).ok().map(|at| &listed[at])
}

/// The size of what these parts make, where each of them was put so.
fn sum(parts: &[CompletedPart], listed: &[(u32, u64, ETag)]) -> Option<u64> {
    parts
        .iter()
        .map(|part| find(listed, part).filter(|(.., etag)| *etag == part.etag).map(|found| found.1))
        .sum()
}

/// The first part listed that was not put so, or that is too small.
fn wrong_part(parts: &[CompletedPart], listed: &[(u32, u64, ETag)]) -> Option<StoreError> {
    const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;
    for (place, part) in parts.iter().enumerate() {
        let found = find(listed, part);
        match found {
            Some((.., etag)) if *etag != part.etag => {
                return Some(problem(PartProblem::Invalid(part.number)));
            }
            None => return Some(problem(PartProblem::Invalid(part.number))),
            Some((_, size_bytes, _)) if *size_bytes < PART_MIN_BYTES && place + 1 < parts.len() => {
                return Some(problem(PartProblem::TooSmall { number: part.number, size_bytes: *size_bytes }));
            }
            Some(_) => {}
        }
    }
    None
}

/// What can be told of the checksums before anything is sent.
fn check_checksums(
    parts: &[CompletedPart],
    options: &CompleteOptions,
    begun: &Begun,
) -> Result<(), StoreError> {
    let Some(named) = begun.named else { return Ok(()) };
    if options.checksum_kind.is_some_and(|kind| kind != named.kind) {
        return Err(problem(PartProblem::ChecksumKind));
    }
    if named.kind == ChecksumKind::Composite
        && let Some(without) = parts.iter().find(|part| part.checksum.is_none())
    {
        return Err(problem(PartProblem::ChecksumMissing(without.number)));
    }
    Ok(())
}

fn completion<'a>(
    upload: UploadRef<'a>,
    parts: &[CompletedPart],
    options: &CompleteOptions,
    told: &Told,
    begun: &Begun,
) -> Result<Call<'a>, StoreError> {
    let mut document = xml::Writer::root("CompleteMultipartUpload");
    for part in parts {
        document.open("Part");
        document.text("PartNumber", &part.number.to_string());
        document.text("ETag", &format!("\"{}\"", part.etag));
        // A checksum that the service was not given is none of its own.
        let given =
            part.checksum.filter(|sum| begun.given.is_none_or(|given| given.algorithm == sum.algorithm));
        if let Some(checksum) = given {
            document.text(checksum::element(checksum.algorithm), &checksum::text(&checksum));
        }
        document.close("Part");
    }
    let mut call = Call::object(Method::POST, upload.bucket.name.as_str(), upload.key.as_str())
        .with("uploadId", upload.id.as_str())
        .once()
        .header("content-type", "application/xml")
        .bytes(document.finish("CompleteMultipartUpload"));
    told.write(&mut call.headers)?;
    if let Some(size) = options.object_size_bytes {
        call = call.header("x-amz-mp-object-size", size.to_string());
    }
    if let Some(kind) = options.checksum_kind {
        call = call.header("x-amz-checksum-type", kind.name());
    }
    if let Some(expected) = &options.checksum {
        let value = HeaderValue::try_from(checksum::text(expected)).expect("base64 is visible ASCII");
        call.headers.insert(HeaderName::from_static(checksum::header(expected.algorithm)), value);
    }
    Ok(call)
}

/// The tag of the object that these parts make, where every one of their tags is an MD5.
fn tag_of(parts: &[CompletedPart]) -> Option<ETag> {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&part.etag.md5()?);
    }
    Some(ETag::multipart(md5.finish(), u32::try_from(parts.len()).ok()?))
}
