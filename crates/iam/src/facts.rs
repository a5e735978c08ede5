use types::{BucketName, ObjectKey, Owner};

/// What an action is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource<'a> {
    /// The account: listing buckets.
    Account,
    /// A bucket.
    Bucket(&'a BucketName),
    /// An object, there or not.
    Object(&'a BucketName, &'a ObjectKey),
}

/// What those without an identity may do in a bucket: its `anonymous` setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnonymousAccess {
    /// Nothing.
    #[default]
    None,
    /// Get, head and list current objects.
    Read,
}

/// What is known of the resource when the decision is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts<'a> {
    /// Who owns the bucket; `None` where it does not exist or no bucket is named.
    pub bucket_owner: Option<&'a Owner>,
    /// The bucket's `anonymous` setting.
    pub anonymous: AnonymousAccess,
}
