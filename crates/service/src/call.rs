use s3_model::{Input, Output, S3Error};
use types::{Body, Context};

use crate::fits::fits;
use crate::{Admitted, Service};

impl Service {
    /// Carries out an admitted request. `body` is looked at by those operations that take an object's bytes.
    ///
    /// # Errors
    /// What S3 answers where the request cannot be carried out.
    ///
    /// # Cancel safety
    /// A dropped call has taken effect wholly or not at all.
    pub async fn call(
        &self,
        cx: &Context,
        admitted: Admitted,
        input: Input,
        body: Body,
    ) -> Result<Output, S3Error> {
        let on = &admitted;
        if !fits(on.operation(), &input) {
            return Err(on.mismatch("an input of its own"));
        }
        Ok(match input {
            Input::ListBuckets(input) => Output::ListBuckets(self.list_buckets(cx, on, input).await?),
            Input::CreateBucket(input) => Output::CreateBucket(self.create_bucket(cx, on, input).await?),
            Input::HeadBucket => Output::HeadBucket(self.head_bucket()),
            Input::DeleteBucket => self.delete_bucket(cx, on).await.map(|()| Output::DeleteBucket)?,
            Input::GetBucketLocation => Output::GetBucketLocation(self.get_bucket_location()),
            Input::GetBucketVersioning => Output::GetBucketVersioning(self.get_bucket_versioning(on)?),
            Input::PutBucketVersioning(input) => {
                self.put_bucket_versioning(cx, on, input).await.map(|()| Output::PutBucketVersioning)?
            }
            Input::GetBucketTagging => Output::GetBucketTagging(self.get_bucket_tagging(on)?),
            Input::PutBucketTagging(input) => {
                self.put_bucket_tagging(cx, on, input).await.map(|()| Output::PutBucketTagging)?
            }
            Input::DeleteBucketTagging => {
                self.delete_bucket_tagging(cx, on).await.map(|()| Output::DeleteBucketTagging)?
            }
            Input::GetBucketAcl => Output::GetBucketAcl(self.get_bucket_acl(on)?),
            Input::PutBucketAcl(input) => self.put_bucket_acl(on, &input).map(|()| Output::PutBucketAcl)?,
            Input::GetBucketSetting(setting) => {
                Output::GetBucketSetting(self.get_bucket_setting(on, setting)?)
            }
            Input::PutBucketSetting(input) => {
                self.put_bucket_setting(on, input).map(|()| Output::PutBucketSetting)?
            }
            Input::DeleteBucketSetting(setting) => {
                self.delete_bucket_setting(on, setting).map(|()| Output::DeleteBucketSetting)?
            }
            Input::PutObject(input) => Output::PutObject(self.put_object(cx, on, *input, body).await?),
            Input::PostObject(input) => {
                Output::PostObject(Box::new(self.post_object(cx, on, *input, body).await?))
            }
            Input::GetObject(input) => Output::GetObject(Box::new(self.get_object(cx, on, *input).await?)),
            Input::HeadObject(input) => Output::HeadObject(Box::new(self.head_object(cx, on, *input).await?)),
            Input::DeleteObject(input) => Output::DeleteObject(self.delete_object(cx, on, input).await?),
            Input::DeleteObjects(input) => Output::DeleteObjects(self.delete_objects(cx, on, input).await?),
            Input::CopyObject(input) => Output::CopyObject(Box::new(self.copy_object(cx, on, *input).await?)),
            Input::GetObjectAttributes(input) => {
                Output::GetObjectAttributes(Box::new(self.get_object_attributes(cx, on, input).await?))
            }
            Input::GetObjectTagging(input) => {
                Output::GetObjectTagging(self.get_object_tagging(cx, on, input).await?)
            }
            Input::PutObjectTagging(input) => {
                Output::PutObjectTagging(self.put_object_tagging(cx, on, input).await?)
            }
            Input::DeleteObjectTagging(input) => {
                Output::DeleteObjectTagging(self.delete_object_tagging(cx, on, input).await?)
            }
            Input::GetObjectAcl(input) => Output::GetObjectAcl(self.get_object_acl(cx, on, input).await?),
            Input::PutObjectAcl(input) => {
                self.put_object_acl(cx, on, input).await.map(|()| Output::PutObjectAcl)?
            }
            Input::ObjectLock(setting) => return Err(self.object_lock(setting)),
            Input::ListObjects(input) => {
                Output::ListObjects(Box::new(self.list_objects(cx, on, input).await?))
            }
            Input::ListObjectsV2(input) => {
                Output::ListObjectsV2(Box::new(self.list_objects_v2(cx, on, input).await?))
            }
            Input::ListObjectVersions(input) => {
                Output::ListObjectVersions(Box::new(self.list_object_versions(cx, on, input).await?))
            }
            Input::ListMultipartUploads(input) => {
                Output::ListMultipartUploads(Box::new(self.list_multipart_uploads(cx, on, input).await?))
            }
            Input::ListParts(input) => Output::ListParts(Box::new(self.list_parts(cx, on, input).await?)),
            Input::CreateMultipartUpload(input) => {
                Output::CreateMultipartUpload(self.create_multipart_upload(cx, on, *input).await?)
            }
            Input::UploadPart(input) => Output::UploadPart(self.upload_part(cx, on, input, body).await?),
            Input::UploadPartCopy(input) => {
                Output::UploadPartCopy(self.upload_part_copy(cx, on, input).await?)
            }
            Input::CompleteMultipartUpload(input) => {
                Output::CompleteMultipartUpload(self.complete_multipart_upload(cx, on, input).await?)
            }
            Input::AbortMultipartUpload(input) => {
                self.abort_multipart_upload(cx, on, input).await.map(|()| Output::AbortMultipartUpload)?
            }
            Input::CorsPreflight => return Err(self.cors_preflight()),
        })
    }
}
