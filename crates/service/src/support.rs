use s3_model::Operation;
use store::{Capabilities, Support};

/// How an operation is done on a store that can do this: by the store itself, with what Sluice adds to it, or not at all.
///
/// What no store has a part in (access lists, settings that cannot be made, refusals by name) is told by the table of
/// operations alone.
#[must_use]
pub fn support(operation: Operation, capabilities: &Capabilities) -> Support {
    match operation {
        Operation::CreateMultipartUpload
        | Operation::UploadPart
        | Operation::CompleteMultipartUpload
        | Operation::AbortMultipartUpload
        | Operation::ListParts
        | Operation::ListMultipartUploads => capabilities.multipart,
        Operation::UploadPartCopy => both(capabilities.multipart, capabilities.copy),
        Operation::CopyObject => capabilities.copy,
        Operation::PutBucketVersioning => capabilities.versioning,
        Operation::GetObjectTagging | Operation::PutObjectTagging | Operation::DeleteObjectTagging => {
            capabilities.object_tags
        }
        Operation::GetBucketTagging | Operation::PutBucketTagging | Operation::DeleteBucketTagging => {
            capabilities.bucket_tags
        }
        Operation::GetBucketAcl
        | Operation::PutBucketAcl
        | Operation::GetObjectAcl
        | Operation::PutObjectAcl => Support::Supplied("Sluice decides access itself"),
        _ => Support::Yes,
    }
}

/// What needs two things is done as the lesser of them is.
fn both(left: Support, right: Support) -> Support {
    match (left, right) {
        (Support::No(why), _) | (_, Support::No(why)) => Support::No(why),
        (Support::Supplied(how), _) | (_, Support::Supplied(how)) => Support::Supplied(how),
        (Support::Yes, Support::Yes) => Support::Yes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_done_as_what_it_needs_is() {
        let lacking = Capabilities {
            multipart: Support::Supplied("by staging"),
            copy: Support::No("no copies"),
            ..Capabilities::ALL
        };
        assert_eq!(support(Operation::UploadPart, &lacking), Support::Supplied("by staging"));
        assert_eq!(support(Operation::UploadPartCopy, &lacking), Support::No("no copies"));
        assert_eq!(support(Operation::PutObject, &lacking), Support::Yes);
        let supplied = Capabilities { copy: Support::Yes, ..lacking };
        assert_eq!(support(Operation::UploadPartCopy, &supplied), Support::Supplied("by staging"));
    }
}
