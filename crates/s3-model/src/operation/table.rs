use super::{Method, OperationRow, PathClass, Payload, QueryCondition, Status, limits};

/// Declares the operations: the enum and the table at once, so that neither can lack a row of the other.
macro_rules! operations {
    ($($name:ident: $method:ident $class:expr, [$($query:literal),*], $header:expr, $action:expr, $version_action:expr,
        $payload:expr, $status:expr;)*) => {
        /// Every operation that S3 has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name,)*
        }

        /// One row for each operation, in the order of [`Operation`]; of two rows that a request fits, the earlier holds.
        pub(super) const TABLE: &[OperationRow] = &[
            $(OperationRow {
                operation: Operation::$name,
                name: stringify!($name),
                method: Method::$method,
                path: $class,
                query: &[$(QueryCondition::new($query)),*],
                header: $header,
                action: $action,
                version_action: $version_action,
                payload: $payload,
                status: $status,
            },)*
        ];
    };
}

use PathClass::{Any, Bucket, Fixed, Object, Service};
use Payload::{Document, Empty, Form, Stream};
use Status::{Answered, Implemented, NotImplemented, SameAs};

operations! {
    ListDirectoryBuckets: Get Service, ["max-directory-buckets"], None, Some("s3express:ListAllMyDirectoryBuckets"), None, Empty, NotImplemented;
    ListBuckets: Get Service, [], None, Some("s3:ListAllMyBuckets"), None, Empty, Implemented;
    WriteGetObjectResponse: Post Fixed("/WriteGetObjectResponse"), [], None, Some("s3-object-lambda:WriteGetObjectResponse"), None, Empty, NotImplemented;
    CreateSession: Get Bucket, ["session"], None, Some("s3express:CreateSession"), None, Empty, NotImplemented;
    GetBucketLocation: Get Bucket, ["location"], None, Some("s3:GetBucketLocation"), None, Empty, Implemented;
    GetBucketVersioning: Get Bucket, ["versioning"], None, Some("s3:GetBucketVersioning"), None, Empty, Implemented;
    PutBucketVersioning: Put Bucket, ["versioning"], None, Some("s3:PutBucketVersioning"), None, Document(limits::SMALL_DOCUMENT_MAX_BYTES), Implemented;
    GetBucketTagging: Get Bucket, ["tagging"], None, Some("s3:GetBucketTagging"), None, Empty, Implemented;
    PutBucketTagging: Put Bucket, ["tagging"], None, Some("s3:PutBucketTagging"), None, Document(limits::TAGGING_DOCUMENT_MAX_BYTES), Implemented;
    DeleteBucketTagging: Delete Bucket, ["tagging"], None, Some("s3:PutBucketTagging"), None, Empty, Implemented;
    GetBucketAcl: Get Bucket, ["acl"], None, Some("s3:GetBucketAcl"), None, Empty, Implemented;
    PutBucketAcl: Put Bucket, ["acl"], None, Some("s3:PutBucketAcl"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Implemented;
    ListObjectsV2: Get Bucket, ["list-type=2"], None, Some("s3:ListBucket"), None, Empty, Implemented;
    ListObjectVersions: Get Bucket, ["versions"], None, Some("s3:ListBucketVersions"), None, Empty, Implemented;
    ListMultipartUploads: Get Bucket, ["uploads"], None, Some("s3:ListBucketMultipartUploads"), None, Empty, Implemented;
    DeleteObjects: Post Bucket, ["delete"], None, Some("s3:DeleteObject"), None, Document(limits::DELETE_DOCUMENT_MAX_BYTES), Implemented;
    GetBucketAbac: Get Bucket, ["abac"], None, Some("s3:GetBucketAbac"), None, Empty, Answered;
    PutBucketAbac: Put Bucket, ["abac"], None, Some("s3:PutBucketAbac"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    GetBucketAccelerateConfiguration: Get Bucket, ["accelerate"], None, Some("s3:GetAccelerateConfiguration"), None, Empty, Answered;
    PutBucketAccelerateConfiguration: Put Bucket, ["accelerate"], None, Some("s3:PutAccelerateConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    GetBucketAnalyticsConfiguration: Get Bucket, ["analytics", "id"], None, Some("s3:GetAnalyticsConfiguration"), None, Empty, Answered;
    PutBucketAnalyticsConfiguration: Put Bucket, ["analytics"], None, Some("s3:PutAnalyticsConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketAnalyticsConfiguration: Delete Bucket, ["analytics"], None, Some("s3:PutAnalyticsConfiguration"), None, Empty, Answered;
    ListBucketAnalyticsConfigurations: Get Bucket, ["analytics"], None, Some("s3:GetAnalyticsConfiguration"), None, Empty, Answered;
    GetBucketIntelligentTieringConfiguration: Get Bucket, ["intelligent-tiering", "id"], None, Some("s3:GetIntelligentTieringConfiguration"), None, Empty, Answered;
    PutBucketIntelligentTieringConfiguration: Put Bucket, ["intelligent-tiering"], None, Some("s3:PutIntelligentTieringConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketIntelligentTieringConfiguration: Delete Bucket, ["intelligent-tiering"], None, Some("s3:PutIntelligentTieringConfiguration"), None, Empty, Answered;
    ListBucketIntelligentTieringConfigurations: Get Bucket, ["intelligent-tiering"], None, Some("s3:GetIntelligentTieringConfiguration"), None, Empty, Answered;
    GetBucketInventoryConfiguration: Get Bucket, ["inventory", "id"], None, Some("s3:GetInventoryConfiguration"), None, Empty, Answered;
    PutBucketInventoryConfiguration: Put Bucket, ["inventory"], None, Some("s3:PutInventoryConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketInventoryConfiguration: Delete Bucket, ["inventory"], None, Some("s3:PutInventoryConfiguration"), None, Empty, Answered;
    ListBucketInventoryConfigurations: Get Bucket, ["inventory"], None, Some("s3:GetInventoryConfiguration"), None, Empty, Answered;
    GetBucketMetricsConfiguration: Get Bucket, ["metrics", "id"], None, Some("s3:GetMetricsConfiguration"), None, Empty, Answered;
    PutBucketMetricsConfiguration: Put Bucket, ["metrics"], None, Some("s3:PutMetricsConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketMetricsConfiguration: Delete Bucket, ["metrics"], None, Some("s3:PutMetricsConfiguration"), None, Empty, Answered;
    ListBucketMetricsConfigurations: Get Bucket, ["metrics"], None, Some("s3:GetMetricsConfiguration"), None, Empty, Answered;
    GetBucketCors: Get Bucket, ["cors"], None, Some("s3:GetBucketCORS"), None, Empty, Answered;
    PutBucketCors: Put Bucket, ["cors"], None, Some("s3:PutBucketCORS"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketCors: Delete Bucket, ["cors"], None, Some("s3:PutBucketCORS"), None, Empty, Answered;
    GetBucketEncryption: Get Bucket, ["encryption"], None, Some("s3:GetEncryptionConfiguration"), None, Empty, Answered;
    PutBucketEncryption: Put Bucket, ["encryption"], None, Some("s3:PutEncryptionConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketEncryption: Delete Bucket, ["encryption"], None, Some("s3:PutEncryptionConfiguration"), None, Empty, Answered;
    GetBucketLifecycleConfiguration: Get Bucket, ["lifecycle"], None, Some("s3:GetLifecycleConfiguration"), None, Empty, Answered;
    PutBucketLifecycleConfiguration: Put Bucket, ["lifecycle"], None, Some("s3:PutLifecycleConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketLifecycle: Delete Bucket, ["lifecycle"], None, Some("s3:PutLifecycleConfiguration"), None, Empty, Answered;
    GetBucketLifecycle: Get Bucket, ["lifecycle"], None, Some("s3:GetLifecycleConfiguration"), None, Empty, SameAs(Operation::GetBucketLifecycleConfiguration);
    PutBucketLifecycle: Put Bucket, ["lifecycle"], None, Some("s3:PutLifecycleConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), SameAs(Operation::PutBucketLifecycleConfiguration);
    GetBucketLogging: Get Bucket, ["logging"], None, Some("s3:GetBucketLogging"), None, Empty, Answered;
    PutBucketLogging: Put Bucket, ["logging"], None, Some("s3:PutBucketLogging"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    GetBucketNotificationConfiguration: Get Bucket, ["notification"], None, Some("s3:GetBucketNotification"), None, Empty, Answered;
    PutBucketNotificationConfiguration: Put Bucket, ["notification"], None, Some("s3:PutBucketNotification"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    GetBucketNotification: Get Bucket, ["notification"], None, Some("s3:GetBucketNotification"), None, Empty, SameAs(Operation::GetBucketNotificationConfiguration);
    PutBucketNotification: Put Bucket, ["notification"], None, Some("s3:PutBucketNotification"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), SameAs(Operation::PutBucketNotificationConfiguration);
    GetObjectLockConfiguration: Get Bucket, ["object-lock"], None, Some("s3:GetBucketObjectLockConfiguration"), None, Empty, Answered;
    PutObjectLockConfiguration: Put Bucket, ["object-lock"], None, Some("s3:PutBucketObjectLockConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    GetBucketOwnershipControls: Get Bucket, ["ownershipControls"], None, Some("s3:GetBucketOwnershipControls"), None, Empty, Answered;
    PutBucketOwnershipControls: Put Bucket, ["ownershipControls"], None, Some("s3:PutBucketOwnershipControls"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketOwnershipControls: Delete Bucket, ["ownershipControls"], None, Some("s3:PutBucketOwnershipControls"), None, Empty, Answered;
    GetBucketPolicy: Get Bucket, ["policy"], None, Some("s3:GetBucketPolicy"), None, Empty, Answered;
    PutBucketPolicy: Put Bucket, ["policy"], None, Some("s3:PutBucketPolicy"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketPolicy: Delete Bucket, ["policy"], None, Some("s3:DeleteBucketPolicy"), None, Empty, Answered;
    GetBucketPolicyStatus: Get Bucket, ["policyStatus"], None, Some("s3:GetBucketPolicyStatus"), None, Empty, Answered;
    GetPublicAccessBlock: Get Bucket, ["publicAccessBlock"], None, Some("s3:GetBucketPublicAccessBlock"), None, Empty, Answered;
    PutPublicAccessBlock: Put Bucket, ["publicAccessBlock"], None, Some("s3:PutBucketPublicAccessBlock"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeletePublicAccessBlock: Delete Bucket, ["publicAccessBlock"], None, Some("s3:PutBucketPublicAccessBlock"), None, Empty, Answered;
    GetBucketReplication: Get Bucket, ["replication"], None, Some("s3:GetReplicationConfiguration"), None, Empty, Answered;
    PutBucketReplication: Put Bucket, ["replication"], None, Some("s3:PutReplicationConfiguration"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketReplication: Delete Bucket, ["replication"], None, Some("s3:PutReplicationConfiguration"), None, Empty, Answered;
    GetBucketRequestPayment: Get Bucket, ["requestPayment"], None, Some("s3:GetBucketRequestPayment"), None, Empty, Answered;
    PutBucketRequestPayment: Put Bucket, ["requestPayment"], None, Some("s3:PutBucketRequestPayment"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    GetBucketWebsite: Get Bucket, ["website"], None, Some("s3:GetBucketWebsite"), None, Empty, Answered;
    PutBucketWebsite: Put Bucket, ["website"], None, Some("s3:PutBucketWebsite"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    DeleteBucketWebsite: Delete Bucket, ["website"], None, Some("s3:DeleteBucketWebsite"), None, Empty, Answered;
    CreateBucketMetadataConfiguration: Post Bucket, ["metadataConfiguration"], None, Some("s3:CreateBucketMetadataTableConfiguration"), None, Empty, NotImplemented;
    GetBucketMetadataConfiguration: Get Bucket, ["metadataConfiguration"], None, Some("s3:GetBucketMetadataTableConfiguration"), None, Empty, NotImplemented;
    DeleteBucketMetadataConfiguration: Delete Bucket, ["metadataConfiguration"], None, Some("s3:DeleteBucketMetadataTableConfiguration"), None, Empty, NotImplemented;
    CreateBucketMetadataTableConfiguration: Post Bucket, ["metadataTable"], None, Some("s3:CreateBucketMetadataTableConfiguration"), None, Empty, NotImplemented;
    GetBucketMetadataTableConfiguration: Get Bucket, ["metadataTable"], None, Some("s3:GetBucketMetadataTableConfiguration"), None, Empty, NotImplemented;
    DeleteBucketMetadataTableConfiguration: Delete Bucket, ["metadataTable"], None, Some("s3:DeleteBucketMetadataTableConfiguration"), None, Empty, NotImplemented;
    UpdateBucketMetadataAnnotationTableConfiguration: Put Bucket, ["metadataAnnotationTable"], None, Some("s3:UpdateBucketMetadataAnnotationTableConfiguration"), None, Empty, NotImplemented;
    UpdateBucketMetadataInventoryTableConfiguration: Put Bucket, ["metadataInventoryTable"], None, Some("s3:UpdateBucketMetadataInventoryTableConfiguration"), None, Empty, NotImplemented;
    UpdateBucketMetadataJournalTableConfiguration: Put Bucket, ["metadataJournalTable"], None, Some("s3:UpdateBucketMetadataJournalTableConfiguration"), None, Empty, NotImplemented;
    PostObject: Post Bucket, [], None, Some("s3:PutObject"), None, Form, Implemented;
    CreateBucket: Put Bucket, [], None, Some("s3:CreateBucket"), None, Document(limits::SMALL_DOCUMENT_MAX_BYTES), Implemented;
    HeadBucket: Head Bucket, [], None, Some("s3:ListBucket"), None, Empty, Implemented;
    DeleteBucket: Delete Bucket, [], None, Some("s3:DeleteBucket"), None, Empty, Implemented;
    ListObjects: Get Bucket, [], None, Some("s3:ListBucket"), None, Empty, Implemented;
    UploadPartCopy: Put Object, ["uploadId", "partNumber"], Some("x-amz-copy-source"), Some("s3:PutObject"), None, Empty, Implemented;
    UploadPart: Put Object, ["uploadId", "partNumber"], None, Some("s3:PutObject"), None, Stream, Implemented;
    CreateMultipartUpload: Post Object, ["uploads"], None, Some("s3:PutObject"), None, Empty, Implemented;
    CompleteMultipartUpload: Post Object, ["uploadId"], None, Some("s3:PutObject"), None, Document(limits::COMPLETE_DOCUMENT_MAX_BYTES), Implemented;
    AbortMultipartUpload: Delete Object, ["uploadId"], None, Some("s3:AbortMultipartUpload"), None, Empty, Implemented;
    ListParts: Get Object, ["uploadId"], None, Some("s3:ListMultipartUploadParts"), None, Empty, Implemented;
    GetObjectAcl: Get Object, ["acl"], None, Some("s3:GetObjectAcl"), Some("s3:GetObjectVersionAcl"), Empty, Implemented;
    PutObjectAcl: Put Object, ["acl"], None, Some("s3:PutObjectAcl"), Some("s3:PutObjectVersionAcl"), Document(limits::SETTING_DOCUMENT_MAX_BYTES), Implemented;
    GetObjectAttributes: Get Object, ["attributes"], None, Some("s3:GetObjectAttributes"), Some("s3:GetObjectVersionAttributes"), Empty, Implemented;
    GetObjectTagging: Get Object, ["tagging"], None, Some("s3:GetObjectTagging"), Some("s3:GetObjectVersionTagging"), Empty, Implemented;
    PutObjectTagging: Put Object, ["tagging"], None, Some("s3:PutObjectTagging"), Some("s3:PutObjectVersionTagging"), Document(limits::TAGGING_DOCUMENT_MAX_BYTES), Implemented;
    DeleteObjectTagging: Delete Object, ["tagging"], None, Some("s3:DeleteObjectTagging"), Some("s3:DeleteObjectVersionTagging"), Empty, Implemented;
    GetObjectLegalHold: Get Object, ["legal-hold"], None, Some("s3:GetObjectLegalHold"), None, Empty, Answered;
    PutObjectLegalHold: Put Object, ["legal-hold"], None, Some("s3:PutObjectLegalHold"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    GetObjectRetention: Get Object, ["retention"], None, Some("s3:GetObjectRetention"), None, Empty, Answered;
    PutObjectRetention: Put Object, ["retention"], None, Some("s3:PutObjectRetention"), None, Document(limits::SETTING_DOCUMENT_MAX_BYTES), Answered;
    GetObjectAnnotation: Get Object, ["annotation", "annotationName"], None, Some("s3:GetObjectAnnotation"), None, Empty, NotImplemented;
    ListObjectAnnotations: Get Object, ["annotation"], None, Some("s3:ListObjectAnnotations"), None, Empty, NotImplemented;
    PutObjectAnnotation: Put Object, ["annotation"], None, Some("s3:PutObjectAnnotation"), None, Empty, NotImplemented;
    DeleteObjectAnnotation: Delete Object, ["annotation"], None, Some("s3:DeleteObjectAnnotation"), None, Empty, NotImplemented;
    GetObjectTorrent: Get Object, ["torrent"], None, Some("s3:GetObjectTorrent"), Some("s3:GetObjectVersionTorrent"), Empty, NotImplemented;
    RenameObject: Put Object, ["renameObject"], None, Some("s3express:RenameObject"), None, Empty, NotImplemented;
    RestoreObject: Post Object, ["restore"], None, Some("s3:RestoreObject"), None, Empty, NotImplemented;
    SelectObjectContent: Post Object, ["select", "select-type=2"], None, Some("s3:GetObject"), None, Empty, NotImplemented;
    UpdateObjectEncryption: Put Object, ["encryption"], None, Some("s3:UpdateObjectEncryption"), None, Empty, NotImplemented;
    CopyObject: Put Object, [], Some("x-amz-copy-source"), Some("s3:PutObject"), None, Empty, Implemented;
    PutObject: Put Object, [], None, Some("s3:PutObject"), None, Stream, Implemented;
    GetObject: Get Object, [], None, Some("s3:GetObject"), Some("s3:GetObjectVersion"), Empty, Implemented;
    HeadObject: Head Object, [], None, Some("s3:GetObject"), Some("s3:GetObjectVersion"), Empty, Implemented;
    DeleteObject: Delete Object, [], None, Some("s3:DeleteObject"), Some("s3:DeleteObjectVersion"), Empty, Implemented;
    CorsPreflight: Options Any, [], None, None, None, Empty, Answered;
}
