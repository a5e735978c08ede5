use types::{CanonicalId, Owner, VersionId};

/// What a PutBucketAcl or PutObjectAcl asks for, of what a bucket with ACLs disabled can accept at all.
///
/// Source: "Controlling ownership of objects and disabling ACLs for your bucket".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutAclInput {
    /// `private` or `bucket-owner-full-control`: what every bucket and object has.
    OwnerFullControl,
    /// A list of grants that give full control to these users and nothing else to anybody. Accepted where each is the
    /// bucket's owner.
    FullControlTo(Vec<CanonicalId>),
}

/// PutObjectAcl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObjectAclInput {
    /// Which version; the current one where none is named.
    pub version_id: Option<VersionId>,
    /// What is asked for.
    pub acl: PutAclInput,
}

/// GetBucketAcl and GetObjectAcl: the owner with full control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclOutput {
    /// The bucket's owner.
    pub owner: Owner,
}
