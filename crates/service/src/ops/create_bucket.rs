use s3_model::{CreateBucketInput, CreateBucketOutput, ErrorCode, S3Error};
use store::{StoreError, StoreErrorKind};
use types::{BucketName, Context, Owner};

use crate::{Admitted, Service};

/// The old name of a region, which S3 still takes as a constraint.
const EU: (&str, &str) = ("EU", "eu-west-1");

impl Service {
    /// CreateBucket. The owner's second creation succeeds where no region is set, as in S3's us-east-1, and is
    /// `BucketAlreadyOwnedByYou` where one is; another's name is `BucketAlreadyExists`.
    pub(crate) async fn create_bucket(
        &self,
        cx: &Context,
        admitted: &Admitted,
        input: CreateBucketInput,
    ) -> Result<CreateBucketOutput, S3Error> {
        let name = admitted.new_bucket()?;
        let owner = admitted.who().owner().ok_or(ErrorCode::AccessDenied)?;
        self.check_location(input.location_constraint.as_deref())?;
        match self.store.create_bucket(cx, name, owner, &input.tags).await {
            Ok(_) => {}
            Err(StoreError { kind: StoreErrorKind::BucketExists, .. }) => {
                self.create_again(cx, admitted, name, owner).await?;
            }
            Err(error) => return Err(admitted.subject().error(cx, error)),
        }
        Ok(CreateBucketOutput { bucket: name.clone(), region: self.settings.shown_region().to_owned() })
    }

    /// A constraint that contradicts the region is refused. Where no region is set, none contradicts it; none is the
    /// server's own region.
    fn check_location(&self, constraint: Option<&str>) -> Result<(), S3Error> {
        let (Some(region), Some(constraint)) = (&self.settings.region, constraint) else { return Ok(()) };
        let wanted = if constraint == EU.0 { EU.1 } else { constraint };
        if wanted == region {
            return Ok(());
        }
        Err(S3Error::with_message(
            ErrorCode::IllegalLocationConstraintException,
            format!(
                "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        ))
    }

    async fn create_again(
        &self,
        cx: &Context,
        admitted: &Admitted,
        name: &BucketName,
        owner: &Owner,
    ) -> Result<(), S3Error> {
        let code = match self.store.bucket(cx, name).await {
            Ok(bucket) if bucket.owner.id != owner.id => ErrorCode::BucketAlreadyExists,
            Ok(_) if self.settings.region.is_none() => return Ok(()),
            Ok(_) => ErrorCode::BucketAlreadyOwnedByYou,
            // It was deleted meanwhile: who asks again makes it.
            Err(StoreError { kind: StoreErrorKind::Missing(_), .. }) => ErrorCode::OperationAborted,
            Err(error) => return Err(admitted.subject().error(cx, error)),
        };
        Err(S3Error::new(code).detail("BucketName", name.as_str()))
    }
}
