use types::Owner;

use crate::{
    Action, ActionKind, AllowReason, AnonymousAccess, Decision, DenyReason, Facts, KeyPolicy, Principal,
    Resource,
};

/// Decides whether `principal` may do `action` to `resource`, given the facts. Pure.
///
/// - Root may do everything.
/// - A key with a policy may do what the policy covers, in every bucket, and nothing else.
/// - A user without one may make buckets, list its own, and do everything in the buckets it owns.
/// - In a public bucket everyone may get, head and list current objects, save a key whose policy leaves reading out.
///
/// A caller that finds no bucket answers so itself: here a bucket that does not exist is nobody's.
#[must_use]
pub fn decide(principal: &Principal, action: Action, resource: Resource<'_>, facts: Facts<'_>) -> Decision {
    match principal {
        Principal::Root { .. } => Decision::Allow(AllowReason::Root),
        Principal::User { policy: Some(policy), .. } => by_policy(*policy, action.kind()),
        Principal::User { owner, policy: None, .. } => by_ownership(owner, action, resource, facts),
        Principal::Anonymous if is_public(action, facts) => Decision::Allow(AllowReason::PublicRead),
        Principal::Anonymous => Decision::Deny(DenyReason::Anonymous),
    }
}

/// Whether ListBuckets, once allowed, shows `principal` a bucket of this owner: users see their own, root and keys with a
/// policy that lists see all.
#[must_use]
pub fn lists_bucket(principal: &Principal, bucket_owner: &Owner) -> bool {
    match principal {
        Principal::Root { .. } => true,
        Principal::User { policy: Some(policy), .. } => policy.allows(ActionKind::List),
        Principal::User { owner, policy: None, .. } => owner.id == bucket_owner.id,
        Principal::Anonymous => false,
    }
}

fn by_policy(policy: KeyPolicy, kind: ActionKind) -> Decision {
    if policy.allows(kind) {
        Decision::Allow(AllowReason::KeyPolicy(policy))
    } else {
        Decision::Deny(DenyReason::KeyPolicy(policy, kind))
    }
}

fn by_ownership(user: &Owner, action: Action, resource: Resource<'_>, facts: Facts<'_>) -> Decision {
    if matches!(resource, Resource::Account) || action == Action::CREATE_BUCKET {
        return Decision::Allow(AllowReason::AnyUser);
    }
    if facts.bucket_owner.is_some_and(|owner| owner.id == user.id) {
        return Decision::Allow(AllowReason::Owner);
    }
    if is_public(action, facts) {
        return Decision::Allow(AllowReason::PublicRead);
    }
    Decision::Deny(DenyReason::NotOwner)
}

fn is_public(action: Action, facts: Facts<'_>) -> bool {
    facts.anonymous == AnonymousAccess::Read
        && facts.bucket_owner.is_some()
        && (action == Action::GET_OBJECT || action == Action::LIST_BUCKET)
}

#[cfg(test)]
mod tests;
