use crate::ErrorCode;

/// A bucket's settings that nobody can make yet: reading one answers what S3 answers where it was never made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BucketSetting {
    /// `?abac`.
    Abac,
    /// `?accelerate`.
    Accelerate,
    /// `?analytics`, one by its id.
    Analytics,
    /// `?analytics`, all.
    AnalyticsList,
    /// `?cors`.
    Cors,
    /// `?encryption`.
    Encryption,
    /// `?intelligent-tiering`, one by its id.
    IntelligentTiering,
    /// `?intelligent-tiering`, all.
    IntelligentTieringList,
    /// `?inventory`, one by its id.
    Inventory,
    /// `?inventory`, all.
    InventoryList,
    /// `?lifecycle`.
    Lifecycle,
    /// `?logging`.
    Logging,
    /// `?metrics`, one by its id.
    Metrics,
    /// `?metrics`, all.
    MetricsList,
    /// `?notification`.
    Notification,
    /// `?object-lock`.
    ObjectLock,
    /// `?ownershipControls`.
    OwnershipControls,
    /// `?policy`.
    Policy,
    /// `?policyStatus`.
    PolicyStatus,
    /// `?publicAccessBlock`.
    PublicAccessBlock,
    /// `?replication`.
    Replication,
    /// `?requestPayment`.
    RequestPayment,
    /// `?website`.
    Website,
}

/// What S3 answers to reading a setting that was never made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeverMade {
    /// This error.
    Error(ErrorCode),
    /// A document: empty, or the value that every bucket has from the start.
    Document,
}

impl BucketSetting {
    /// What S3 answers to reading the setting where it was never made.
    #[must_use]
    pub const fn never_made(self) -> NeverMade {
        match self {
            Self::Cors => NeverMade::Error(ErrorCode::NoSuchCORSConfiguration),
            Self::Encryption => NeverMade::Error(ErrorCode::ServerSideEncryptionConfigurationNotFoundError),
            Self::Lifecycle => NeverMade::Error(ErrorCode::NoSuchLifecycleConfiguration),
            Self::ObjectLock => NeverMade::Error(ErrorCode::ObjectLockConfigurationNotFoundError),
            Self::Policy | Self::PolicyStatus => NeverMade::Error(ErrorCode::NoSuchBucketPolicy),
            Self::Replication => NeverMade::Error(ErrorCode::ReplicationConfigurationNotFoundError),
            Self::Website => NeverMade::Error(ErrorCode::NoSuchWebsiteConfiguration),
            Self::Analytics | Self::IntelligentTiering | Self::Inventory | Self::Metrics => {
                NeverMade::Error(ErrorCode::NoSuchConfiguration)
            }
            Self::Abac
            | Self::Accelerate
            | Self::AnalyticsList
            | Self::IntelligentTieringList
            | Self::InventoryList
            | Self::Logging
            | Self::MetricsList
            | Self::Notification
            | Self::OwnershipControls
            | Self::PublicAccessBlock
            | Self::RequestPayment => NeverMade::Document,
        }
    }
}

/// The four switches of a public access block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicAccessBlock {
    /// `BlockPublicAcls`.
    pub block_public_acls: bool,
    /// `IgnorePublicAcls`.
    pub ignore_public_acls: bool,
    /// `BlockPublicPolicy`.
    pub block_public_policy: bool,
    /// `RestrictPublicBuckets`.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// All four on: what a new bucket has.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// All four off: what a bucket that anybody may read has.
    pub const NONE: Self = Self {
        block_public_acls: false,
        ignore_public_acls: false,
        block_public_policy: false,
        restrict_public_buckets: false,
    };
}

/// What a request wants a setting to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingValue {
    /// The value that every bucket has: nothing changes.
    AsItIs,
    /// A public access block; whether it is the bucket's own depends on whether anybody may read the bucket.
    PublicAccessBlock(PublicAccessBlock),
    /// Any other value.
    Other,
}

/// Settings of one object that need a bucket with object lock; S3 refuses them on any other bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectLockSetting {
    /// `?legal-hold`.
    LegalHold,
    /// `?retention`.
    Retention,
}
