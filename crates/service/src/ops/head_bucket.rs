use s3_model::{BucketLocationOutput, HeadBucketOutput};

use crate::Service;

impl Service {
    /// HeadBucket: that the bucket is there and may be listed was found on admission.
    pub(crate) fn head_bucket(&self) -> HeadBucketOutput {
        HeadBucketOutput { region: self.settings.shown_region().to_owned() }
    }

    /// GetBucketLocation.
    pub(crate) fn get_bucket_location(&self) -> BucketLocationOutput {
        BucketLocationOutput { region: self.settings.shown_region().to_owned() }
    }
}
