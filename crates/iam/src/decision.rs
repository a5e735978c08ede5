use std::fmt;

use crate::{ActionKind, KeyPolicy};

/// Whether an action may be done, and why: the reason is for the log, not for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow(AllowReason),
    /// It may not.
    Deny(DenyReason),
}

impl Decision {
    /// Whether the action may be done.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(reason) => write!(f, "allowed: {reason}"),
            Self::Deny(reason) => write!(f, "denied: {reason}"),
        }
    }
}

/// Why an action is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowReason {
    /// Root may do everything.
    Root,
    /// The user owns the bucket.
    Owner,
    /// Every user may make buckets and list its own.
    AnyUser,
    /// The key's policy covers the action.
    KeyPolicy(KeyPolicy),
    /// The bucket's `anonymous` setting lets everyone read.
    PublicRead,
}

impl fmt::Display for AllowReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root may do everything"),
            Self::Owner => f.write_str("the user owns the bucket"),
            Self::AnyUser => f.write_str("every user may make buckets and list its own"),
            Self::KeyPolicy(policy) => write!(f, "the key's policy is {policy}"),
            Self::PublicRead => f.write_str("the bucket can be read by everyone"),
        }
    }
}

/// Why an action is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenyReason {
    /// No identity, and the bucket is not public for this action.
    Anonymous,
    /// The bucket is another's, or nobody's.
    NotOwner,
    /// The key's policy does not cover actions of this kind.
    KeyPolicy(KeyPolicy, ActionKind),
}

impl fmt::Display for DenyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("the request is anonymous and the bucket is not public for it"),
            Self::NotOwner => f.write_str("the user does not own the bucket"),
            Self::KeyPolicy(policy, kind) => write!(f, "the key's policy is {policy}, the action a {kind}"),
        }
    }
}
