use iam::AnonymousAccess;
use s3_model::{
    BucketSetting, BucketSettingOutput, ErrorCode, NeverMade, ObjectLockSetting, PublicAccessBlock,
    PutBucketSettingInput, S3Error, SettingValue,
};

use crate::{Admitted, Service};

/// Settings that nobody can make yet: each has the value of a bucket where it was never made, and keeps it.
impl Service {
    /// Reads a setting.
    pub(crate) fn get_bucket_setting(
        &self,
        admitted: &Admitted,
        setting: BucketSetting,
    ) -> Result<BucketSettingOutput, S3Error> {
        let bucket = admitted.bucket()?;
        match setting.never_made() {
            NeverMade::Error(code) => Err(S3Error::new(code).detail("BucketName", bucket.name.as_str())),
            NeverMade::Document => {
                Ok(BucketSettingOutput { setting, public_access_block: self.public_access_block(admitted)? })
            }
        }
    }

    /// Writes a setting: the value that it has already is no change, any other is refused by name.
    pub(crate) fn put_bucket_setting(
        &self,
        admitted: &Admitted,
        input: PutBucketSettingInput,
    ) -> Result<(), S3Error> {
        let unchanged = match input.value {
            SettingValue::AsItIs => true,
            SettingValue::PublicAccessBlock(wanted) => wanted == self.public_access_block(admitted)?,
            SettingValue::Other => false,
        };
        if unchanged { Ok(()) } else { Err(refusal(admitted)) }
    }

    /// Deletes a setting: one that is not there is gone already. Those that every bucket has from the start are there, so
    /// deleting them would change the bucket.
    pub(crate) fn delete_bucket_setting(
        &self,
        admitted: &Admitted,
        setting: BucketSetting,
    ) -> Result<(), S3Error> {
        let there = match setting {
            BucketSetting::OwnershipControls => true,
            BucketSetting::PublicAccessBlock => {
                self.public_access_block(admitted)? != PublicAccessBlock::NONE
            }
            _ => false,
        };
        if there { Err(refusal(admitted)) } else { Ok(()) }
    }

    /// Retention and legal hold of an object: no bucket has object lock.
    pub(crate) fn object_lock(&self, setting: ObjectLockSetting) -> S3Error {
        match setting {
            ObjectLockSetting::LegalHold | ObjectLockSetting::Retention => {
                S3Error::invalid_request("Bucket is missing Object Lock Configuration")
            }
        }
    }

    /// A preflight: no bucket has a CORS rule.
    pub(crate) fn cors_preflight(&self) -> S3Error {
        ErrorCode::AccessForbidden.into()
    }

    fn public_access_block(&self, admitted: &Admitted) -> Result<PublicAccessBlock, S3Error> {
        let bucket = admitted.bucket()?;
        Ok(match self.settings.bucket(&bucket.name).anonymous {
            AnonymousAccess::None => PublicAccessBlock::ALL,
            AnonymousAccess::Read => PublicAccessBlock::NONE,
        })
    }
}

fn refusal(admitted: &Admitted) -> S3Error {
    let name = admitted.operation().name();
    S3Error::with_message(ErrorCode::NotImplemented, format!("{name} is not implemented for this value"))
}
