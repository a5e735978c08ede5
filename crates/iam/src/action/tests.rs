use s3_model::Status;

use super::*;
use crate::ActionKind::{Administer, List, Read, Write};

/// The kind of each operation that is carried out, written down by hand.
fn expected(operation: Operation) -> Option<ActionKind> {
    use Operation as Op;
    Some(match operation {
        Op::ListBuckets
        | Op::HeadBucket
        | Op::ListObjects
        | Op::ListObjectsV2
        | Op::ListObjectVersions
        | Op::ListMultipartUploads
        | Op::ListParts => List,
        Op::GetBucketLocation
        | Op::GetBucketVersioning
        | Op::GetBucketTagging
        | Op::GetBucketAcl
        | Op::GetObject
        | Op::HeadObject
        | Op::GetObjectAcl
        | Op::GetObjectAttributes
        | Op::GetObjectTagging => Read,
        Op::PutObject
        | Op::PostObject
        | Op::CopyObject
        | Op::DeleteObject
        | Op::DeleteObjects
        | Op::PutObjectAcl
        | Op::PutObjectTagging
        | Op::DeleteObjectTagging
        | Op::CreateMultipartUpload
        | Op::UploadPart
        | Op::UploadPartCopy
        | Op::CompleteMultipartUpload
        | Op::AbortMultipartUpload => Write,
        Op::CreateBucket
        | Op::DeleteBucket
        | Op::PutBucketVersioning
        | Op::PutBucketTagging
        | Op::DeleteBucketTagging
        | Op::PutBucketAcl => Administer,
        _ => return None,
    })
}

#[test]
fn every_implemented_operation_has_the_kind_written_down_for_it() {
    for row in Operation::table().iter().filter(|row| row.status == Status::Implemented) {
        let kind = Action::of(row.operation, None).map(Action::kind);
        assert!(kind.is_some(), "{}", row.name);
        assert_eq!(kind, expected(row.operation), "{}", row.name);
    }
}

#[test]
fn a_named_version_changes_the_action_but_not_its_kind() {
    for row in Operation::table() {
        let (current, version) =
            (Action::of(row.operation, None), Action::of(row.operation, Some(&VersionId::Null)));
        assert_eq!(current.map(Action::kind), version.map(Action::kind), "{}", row.name);
        if row.version_action.is_some() {
            assert_ne!(current, version, "{}", row.name);
        }
    }
}

#[test]
fn no_operation_that_changes_something_counts_as_reading() {
    use s3_model::Method::{Delete, Post, Put};
    for row in Operation::table() {
        let Some(action) = Action::of(row.operation, None) else { continue };
        let reads = matches!(action.kind(), Read | List);
        let changes = matches!(row.method, Put | Post | Delete);
        assert!(!(reads && changes) || row.operation == Operation::SelectObjectContent, "{}", row.name);
    }
}

#[test]
fn the_source_of_a_copy_is_read() {
    for operation in [Operation::CopyObject, Operation::UploadPartCopy] {
        assert_eq!(Action::of_source(operation, None), Some(Action::GET_OBJECT));
        assert_eq!(Action::of_source(operation, Some(&VersionId::Null)).map(Action::kind), Some(Read));
    }
    assert_eq!(Action::of_source(Operation::PutObject, None), None);
}
