/// A call of the store port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreOperation {
    /// `create_bucket`.
    CreateBucket,
    /// `bucket`.
    Bucket,
    /// `update_bucket`.
    UpdateBucket,
    /// `delete_bucket`.
    DeleteBucket,
    /// `list_buckets`.
    ListBuckets,
    /// `put`.
    Put,
    /// `open`.
    Open,
    /// `Content::read`, until the body is there; its bytes pass afterwards.
    Read,
    /// `head`.
    Head,
    /// `parts`.
    Parts,
    /// `delete`.
    Delete,
    /// `delete_many`.
    DeleteMany,
    /// `copy`.
    Copy,
    /// `set_tags`.
    SetTags,
    /// `list`.
    List,
    /// `list_versions`.
    ListVersions,
    /// `create_upload`.
    CreateUpload,
    /// `put_part`.
    PutPart,
    /// `copy_part`.
    CopyPart,
    /// `complete_upload`.
    CompleteUpload,
    /// `abort_upload`.
    AbortUpload,
    /// `list_uploads`.
    ListUploads,
    /// `list_parts`.
    ListParts,
}

impl StoreOperation {
    /// Every operation with its name, in the order of their declaration.
    pub const ALL: [(Self, &'static str); 23] = [
        (Self::CreateBucket, "create_bucket"),
        (Self::Bucket, "bucket"),
        (Self::UpdateBucket, "update_bucket"),
        (Self::DeleteBucket, "delete_bucket"),
        (Self::ListBuckets, "list_buckets"),
        (Self::Put, "put"),
        (Self::Open, "open"),
        (Self::Read, "read"),
        (Self::Head, "head"),
        (Self::Parts, "parts"),
        (Self::Delete, "delete"),
        (Self::DeleteMany, "delete_many"),
        (Self::Copy, "copy"),
        (Self::SetTags, "set_tags"),
        (Self::List, "list"),
        (Self::ListVersions, "list_versions"),
        (Self::CreateUpload, "create_upload"),
        (Self::PutPart, "put_part"),
        (Self::CopyPart, "copy_part"),
        (Self::CompleteUpload, "complete_upload"),
        (Self::AbortUpload, "abort_upload"),
        (Self::ListUploads, "list_uploads"),
        (Self::ListParts, "list_parts"),
    ];

    /// Its name, as logs and metrics show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_stands_at_its_own_place() {
        for (place, (operation, _)) in StoreOperation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, place);
        }
    }
}
