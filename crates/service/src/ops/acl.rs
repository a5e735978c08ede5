use s3_model::{AclOutput, ErrorCode, ObjectTaggingInput, PutAclInput, PutObjectAclInput, S3Error};
use store::OpenOptions;
use types::{Context, VersionId};

use crate::{Admitted, Service};

/// ACLs are those of a bucket with ACLs disabled: the owner has full control, and no other can be written.
/// Source: "Controlling ownership of objects and disabling ACLs for your bucket".
impl Service {
    /// GetBucketAcl.
    pub(crate) fn get_bucket_acl(&self, admitted: &Admitted) -> Result<AclOutput, S3Error> {
        Ok(AclOutput { owner: admitted.bucket()?.owner.clone() })
    }

    /// PutBucketAcl.
    pub(crate) fn put_bucket_acl(&self, admitted: &Admitted, input: &PutAclInput) -> Result<(), S3Error> {
        check_acl(admitted, input)
    }

    /// GetObjectAcl, of an object that is there.
    pub(crate) async fn get_object_acl(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: ObjectTaggingInput,
    ) -> Result<AclOutput, S3Error> {
        self.require_object(cx, admitted, input.version_id).await?;
        self.get_bucket_acl(admitted)
    }

    /// PutObjectAcl, of an object that is there.
    pub(crate) async fn put_object_acl(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: PutObjectAclInput,
    ) -> Result<(), S3Error> {
        self.require_object(cx, admitted, input.version_id).await?;
        check_acl(admitted, &input.acl)
    }

    async fn require_object(
        &self,
        cx: &Context,
        admitted: &Admitted,
        version_id: Option<VersionId>,
    ) -> Result<(), S3Error> {
        let (bucket, key) = admitted.object()?;
        let found =
            self.store.head(cx, bucket, key, OpenOptions { version_id, ..OpenOptions::default() }).await;
        found.map(|_| ()).map_err(|error| admitted.subject().error(cx, error))
    }
}

fn check_acl(admitted: &Admitted, acl: &PutAclInput) -> Result<(), S3Error> {
    let owner = &admitted.bucket()?.owner.id;
    match acl {
        PutAclInput::OwnerFullControl => Ok(()),
        PutAclInput::FullControlTo(ids) if ids.iter().all(|id| id == owner) => Ok(()),
        PutAclInput::FullControlTo(_) => Err(ErrorCode::AccessControlListNotSupported.into()),
    }
}
