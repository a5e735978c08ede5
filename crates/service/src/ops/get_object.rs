use iam::{Action, Principal};
use s3_model::{
    ChecksumMode, ErrorCode, ErrorHeader, GetObjectInput, GetObjectOutput, HeadObjectOutput, ObjectHead,
    Operation, S3Error,
};
use store::{Bucket, ObjectInfo, OpenOptions, PartProblem, StoreError, StoreErrorKind};
use types::{Body, ByteRange, Checksum, Context, ObjectHeaders};

use crate::conditions::{self, Verdict};
use crate::{Admitted, Service};

impl Service {
    /// GetObject.
    pub(crate) async fn get_object(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: GetObjectInput,
    ) -> Result<GetObjectOutput, S3Error> {
        refuse_overrides(admitted, &input)?;
        let (bucket, key) = admitted.object()?;
        let opened = match self.store.open(cx, bucket, key, open_options(&input)).await {
            Ok(opened) => opened,
            Err(error) => return Err(self.not_opened(cx, admitted, &input, error).await),
        };
        let range = self.select(bucket, &opened.info, &input)?;
        let bytes = range.unwrap_or_else(|| ByteRange::whole(opened.info.size_bytes));
        let body = if bytes.is_empty() {
            Body::empty()
        } else {
            let read = opened.content.read(bytes).await;
            read.map_err(|error| admitted.subject().error(cx, error))?
        };
        Ok(GetObjectOutput { head: self.describe(cx, admitted, opened.info, input, range), body })
    }

    /// HeadObject: GetObject without the bytes.
    pub(crate) async fn head_object(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: GetObjectInput,
    ) -> Result<HeadObjectOutput, S3Error> {
        refuse_overrides(admitted, &input)?;
        let (bucket, key) = admitted.object()?;
        let info = match self.store.head(cx, bucket, key, open_options(&input)).await {
            Ok(info) => info,
            Err(error) => return Err(self.not_opened(cx, admitted, &input, error).await),
        };
        let range = self.select(bucket, &info, &input)?;
        Ok(HeadObjectOutput { head: self.describe(cx, admitted, info, input, range) })
    }

    /// The answer to an object that did not open. Of a part that is not there it tells how many there are.
    async fn not_opened(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: &GetObjectInput,
        error: StoreError,
    ) -> S3Error {
        let no_such_part = matches!(error.kind, StoreErrorKind::Part(PartProblem::NoSuchPart));
        let answer = admitted.subject().version(input.version_id.as_ref()).error(cx, error);
        let (true, Some(number), Ok((bucket, key))) = (no_such_part, input.part_number, admitted.object())
        else {
            return answer;
        };
        let options = OpenOptions { version_id: input.version_id.clone(), ..OpenOptions::default() };
        let answer = answer.detail("PartNumberRequested", number.to_string());
        match self.store.head(cx, bucket, key, options).await {
            Ok(info) => answer.detail("ActualPartCount", info.part_count.unwrap_or(1).to_string()),
            Err(_) => answer,
        }
    }

    /// Weighs the conditions, then finds the bytes asked for; none where the whole object is.
    fn select(
        &self,
        bucket: &Bucket,
        info: &ObjectInfo,
        input: &GetObjectInput,
    ) -> Result<Option<ByteRange>, S3Error> {
        match conditions::weigh(&input.conditions, &info.etag, info.modified_at) {
            Verdict::Holds => {}
            Verdict::NotModified(_) => return Err(self.not_modified(bucket, info)),
            Verdict::Failed(condition) => return Err(conditions::failed(condition.header())),
        }
        if let Some(part) = &info.part {
            // An empty object has no byte for a Content-Range to name: it is answered whole.
            return Ok(Some(part.range).filter(|_| info.size_bytes > 0));
        }
        let Some(spec) = input.range else { return Ok(None) };
        if !conditions::range_holds(input.if_range.as_ref(), &info.etag, info.modified_at) {
            return Ok(None);
        }
        match spec.resolve(info.size_bytes) {
            Ok(range) => Ok(Some(range)),
            Err(_) => Err(S3Error::new(ErrorCode::InvalidRange)
                .detail("RangeRequested", spec.to_string())
                .detail("ActualObjectSize", info.size_bytes.to_string())
                .header(ErrorHeader::UnsatisfiedRange(info.size_bytes))),
        }
    }

    /// 304 with what a cache wants to know. Source: RFC 9110, section 15.4.5.
    fn not_modified(&self, bucket: &Bucket, info: &ObjectInfo) -> S3Error {
        let mut error = S3Error::new(ErrorCode::NotModified)
            .header(ErrorHeader::ETag(info.etag.clone()))
            .header(ErrorHeader::LastModified(info.modified_at));
        if let Some(version_id) = &info.version_id {
            error = error.header(ErrorHeader::VersionId(version_id.clone()));
        }
        if let Some(cache_control) = self.cache_control(bucket, info) {
            error = error.header(ErrorHeader::CacheControl(cache_control.clone()));
        }
        if let Some(expires) = &info.metadata.headers.expires {
            error = error.header(ErrorHeader::Expires(expires.clone()));
        }
        error
    }

    /// The object's `Cache-Control`, that of its bucket where it has none.
    fn cache_control<'a>(&'a self, bucket: &Bucket, info: &'a ObjectInfo) -> Option<&'a String> {
        let of_bucket = &self.settings.bucket(&bucket.name).default_cache_control;
        info.metadata.headers.cache_control.as_ref().or(of_bucket.as_ref())
    }

    fn describe(
        &self,
        cx: &Context,
        admitted: &Admitted,
        info: ObjectInfo,
        input: GetObjectInput,
        range: Option<ByteRange>,
    ) -> ObjectHead {
        let checksum = checksum(&info, &input, range);
        let part_count = input.part_number.and(info.part_count);
        let tag_count = self.shown_tags(cx, admitted, &info, &input);
        let cache_control =
            admitted.bucket().ok().and_then(|bucket| self.cache_control(bucket, &info)).cloned();
        let mut headers = ObjectHeaders { cache_control, ..info.metadata.headers };
        input.overrides.apply(&mut headers);
        ObjectHead {
            etag: info.etag,
            size_bytes: info.size_bytes,
            modified_at: info.modified_at,
            version_id: info.version_id,
            headers,
            user: info.metadata.user,
            storage_class: info.metadata.storage_class,
            tag_count,
            checksum,
            part_count,
            range,
        }
    }

    /// How many tags are told: none to who may not read them.
    fn shown_tags(
        &self,
        cx: &Context,
        admitted: &Admitted,
        info: &ObjectInfo,
        input: &GetObjectInput,
    ) -> usize {
        let count = info.metadata.tags.len();
        let action = Action::of(Operation::GetObjectTagging, input.version_id.as_ref());
        let may = count > 0 && action.is_some_and(|action| self.require(cx, admitted, action).is_ok());
        if may { count } else { 0 }
    }
}

fn open_options(input: &GetObjectInput) -> OpenOptions {
    OpenOptions {
        version_id: input.version_id.clone(),
        part_number: input.part_number,
        range_hint: input.range,
    }
}

/// S3 replaces headers of the answer only for who has signed the request.
fn refuse_overrides(admitted: &Admitted, input: &GetObjectInput) -> Result<(), S3Error> {
    match admitted.who() {
        Principal::Anonymous if !input.overrides.is_empty() => Err(S3Error::invalid_request(
            "Request specific response headers cannot be used for anonymous GET requests.",
        )),
        _ => Ok(()),
    }
}

/// The checksum of exactly the bytes sent: the object's, or a part's own; none of a range.
fn checksum(info: &ObjectInfo, input: &GetObjectInput, range: Option<ByteRange>) -> Option<Checksum> {
    match (input.checksum_mode, &info.part, range) {
        (ChecksumMode::Off, _, _) => None,
        (ChecksumMode::Enabled, Some(part), _) if info.part_count.is_some() => part.checksum,
        (ChecksumMode::Enabled, None, Some(_)) => None,
        (ChecksumMode::Enabled, _, _) => info.checksum,
    }
}
