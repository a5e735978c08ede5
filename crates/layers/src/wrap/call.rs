use store::{Bucket, CopySource, DeleteTarget, UploadRef, Versioning, WriteCondition};
use types::{BucketName, ByteRange, Context, ObjectKey, VersionId};

use super::StoreOperation;

/// One call of the port on its way to the store below.
pub(crate) struct Call<'a> {
    pub(crate) operation: StoreOperation,
    pub(crate) cx: &'a Context,
    pub(crate) bucket: Option<&'a BucketName>,
    pub(crate) key: Option<&'a ObjectKey>,
    /// What it would change.
    pub(crate) change: Change<'a>,
    /// Whether doing it twice is doing it once.
    pub(crate) repeat: Repeat,
    /// Whether it is the first read of an open object, which belongs to the opening.
    pub(crate) is_first_read: bool,
}

/// What a call would change.
pub(crate) enum Change<'a> {
    /// Nothing: it looks, lists or reads.
    Nothing,
    /// It makes a bucket.
    NewBucket,
    /// It changes a bucket's record.
    Settings,
    /// It removes a bucket.
    NoBucket,
    /// It makes an object, which replaces the one of that key where no versions are kept.
    Object { bucket: &'a Bucket, key: &'a ObjectKey, bytes: Size<'a> },
    /// It changes an object's tags.
    Tags,
    /// It removes an object or version.
    Delete { bucket: &'a Bucket, key: &'a ObjectKey, version_id: Option<&'a VersionId> },
    /// It removes many; empty where the hook does not say that it needs them ([`super::Hook::NEEDS_TARGETS`]).
    Deletes { bucket: &'a Bucket, targets: &'a [DeleteTarget] },
    /// It begins an upload.
    NewUpload { bucket: &'a Bucket, key: &'a ObjectKey },
    /// It stores a part, which replaces one of that number.
    Part { upload: UploadRef<'a>, number: u32, bytes: Size<'a> },
    /// It makes the object of an upload's parts.
    Completion(UploadRef<'a>),
    /// It drops an upload.
    Abort(UploadRef<'a>),
}

/// How many bytes a change brings.
#[derive(Clone, Copy)]
pub(crate) enum Size<'a> {
    /// As many as come, where the sender did not say.
    Sent(Option<u64>),
    /// As many as the source has, or the range of it.
    Copied(&'a CopySource, Option<ByteRange>),
}

/// Whether doing a call twice is doing it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    Safe,
    Never,
}

impl Repeat {
    pub(crate) fn when(is_safe: bool) -> Self {
        if is_safe { Self::Safe } else { Self::Never }
    }

    /// A removal again finds nothing, which is success; a marker would be put twice, a condition fail.
    pub(crate) fn of_delete(
        bucket: &Bucket,
        version_id: Option<&VersionId>,
        condition: &WriteCondition,
    ) -> Self {
        let leaves_no_marker = bucket.versioning == Versioning::Off || version_id.is_some();
        Self::when(leaves_no_marker && *condition == WriteCondition::Always)
    }
}

impl<'a> Call<'a> {
    /// A call that only looks, which may be repeated.
    pub(crate) fn looking(
        operation: StoreOperation,
        cx: &'a Context,
        bucket: Option<&'a BucketName>,
        key: Option<&'a ObjectKey>,
    ) -> Self {
        let (change, repeat) = (Change::Nothing, Repeat::Safe);
        Self { operation, cx, bucket, key, change, repeat, is_first_read: false }
    }

    /// The call as one that changes something.
    pub(crate) fn changing(self, change: Change<'a>, repeat: Repeat) -> Self {
        Self { change, repeat, ..self }
    }

    /// Whether it changes nothing.
    pub(crate) fn only_looks(&self) -> bool {
        matches!(self.change, Change::Nothing)
    }
}
