use s3_model::{Operation, S3Error, WriteCondition};
use store::StoreError;
use types::{BucketName, Context, ObjectKey, VersionId};

use crate::conditions::{self, Condition};
use crate::error;

/// What a call of the store was about: it completes the store's error to S3's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) operation: Operation,
    pub(crate) bucket: Option<&'a BucketName>,
    pub(crate) key: Option<&'a ObjectKey>,
    pub(crate) version_id: Option<&'a VersionId>,
    pub(crate) upload_id: Option<&'a str>,
    pub(crate) condition: Option<Condition>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(operation: Operation) -> Self {
        Self { operation, bucket: None, key: None, version_id: None, upload_id: None, condition: None }
    }

    pub(crate) fn bucket(self, bucket: &'a BucketName) -> Self {
        Self { bucket: Some(bucket), ..self }
    }

    pub(crate) fn key(self, key: &'a ObjectKey) -> Self {
        Self { key: Some(key), ..self }
    }

    pub(crate) fn version(self, version_id: Option<&'a VersionId>) -> Self {
        Self { version_id, ..self }
    }

    pub(crate) fn upload(self, upload_id: &'a str) -> Self {
        Self { upload_id: Some(upload_id), ..self }
    }

    pub(crate) fn conditioned(self, condition: &WriteCondition) -> Self {
        Self { condition: conditions::header_of(condition), ..self }
    }

    /// What S3 answers to the store's error. The error ends here, so what the operator should know of it is logged here.
    pub(crate) fn error(&self, cx: &Context, error: StoreError) -> S3Error {
        error::log(cx, self.operation, &error);
        error::of_store(self, error)
    }
}
