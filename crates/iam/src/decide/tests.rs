use proptest::prelude::*;
use types::{BucketName, ObjectKey};

use super::*;
use crate::owner_of;

const ABORT_UPLOAD: &str = "s3:AbortMultipartUpload";

fn action(name: &'static str) -> Action {
    Action::from_name(name)
}

/// Asks for an action in a bucket of `owner`.
fn allowed(
    principal: &Principal,
    name: &'static str,
    owner: Option<&str>,
    anonymous: AnonymousAccess,
) -> bool {
    let bucket = BucketName::new("bucket").unwrap();
    let key = ObjectKey::new("key").unwrap();
    let owner = owner.map(owner_of);
    let resource = match name {
        "s3:ListAllMyBuckets" => Resource::Account,
        name if name.contains("Bucket") => Resource::Bucket(&bucket),
        _ => Resource::Object(&bucket, &key),
    };
    decide(principal, action(name), resource, Facts { bucket_owner: owner.as_ref(), anonymous }).is_allowed()
}

const ACTIONS: [&str; 12] = [
    "s3:ListAllMyBuckets",
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:PutBucketVersioning",
    "s3:GetBucketVersioning",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:DeleteObject",
    ABORT_UPLOAD,
];

fn allowed_of(principal: &Principal, owner: Option<&str>, anonymous: AnonymousAccess) -> Vec<&'static str> {
    ACTIONS.into_iter().filter(|name| allowed(principal, name, owner, anonymous)).collect()
}

#[test]
fn root_may_do_everything_everywhere() {
    for owner in [None, Some("root"), Some("alice")] {
        assert_eq!(allowed_of(&Principal::root(), owner, AnonymousAccess::None), ACTIONS);
    }
    assert!(lists_bucket(&Principal::root(), &owner_of("alice")));
}

#[test]
fn a_user_owns_what_it_makes_and_nothing_else() {
    let alice = Principal::user("alice", None);
    assert_eq!(allowed_of(&alice, Some("alice"), AnonymousAccess::None), ACTIONS);
    for other in [None, Some("bob"), Some("root")] {
        let allowed = allowed_of(&alice, other, AnonymousAccess::None);
        assert_eq!(allowed, ["s3:ListAllMyBuckets", "s3:CreateBucket"], "{other:?}");
    }
    assert!(lists_bucket(&alice, &owner_of("alice")));
    assert!(!lists_bucket(&alice, &owner_of("bob")));
}

#[test]
fn a_policy_replaces_ownership_and_covers_all_buckets() {
    let listing = ["s3:ListAllMyBuckets", "s3:GetBucketVersioning", "s3:ListBucket", "s3:ListBucketVersions"];
    let reading = [&listing[..], &["s3:GetObject", "s3:GetObjectVersion"]].concat();
    let writing = ["s3:PutObject", "s3:DeleteObject", ABORT_UPLOAD];
    for owner in [Some("alice"), Some("bob"), None] {
        let of = |policy| allowed_of(&Principal::user("alice", Some(policy)), owner, AnonymousAccess::None);
        assert_eq!(of(KeyPolicy::ReadOnly), reading);
        assert_eq!(of(KeyPolicy::WriteOnly), writing);
        assert_eq!(of(KeyPolicy::ReadWrite), ACTIONS);
    }
    let sees = |policy| lists_bucket(&Principal::user("alice", Some(policy)), &owner_of("bob"));
    assert_eq!(KeyPolicy::ALL.map(sees), [true, true, false]);
}

#[test]
fn the_anonymous_read_public_buckets_only() {
    assert!(allowed_of(&Principal::Anonymous, Some("alice"), AnonymousAccess::None).is_empty());
    let public = allowed_of(&Principal::Anonymous, Some("alice"), AnonymousAccess::Read);
    assert_eq!(public, ["s3:ListBucket", "s3:GetObject"]);
    assert!(!lists_bucket(&Principal::Anonymous, &owner_of("alice")));
}

#[test]
fn a_public_bucket_is_public_to_users_but_not_to_keys_that_only_write() {
    let bob = allowed_of(&Principal::user("bob", None), Some("alice"), AnonymousAccess::Read);
    assert_eq!(bob, ["s3:ListAllMyBuckets", "s3:CreateBucket", "s3:ListBucket", "s3:GetObject"]);
    let writer = Principal::user("bob", Some(KeyPolicy::WriteOnly));
    assert!(!allowed(&writer, "s3:GetObject", Some("alice"), AnonymousAccess::Read));
}

#[test]
fn the_reason_is_told() {
    let writer = Principal::user("alice", Some(KeyPolicy::WriteOnly));
    let decision = decide(&writer, Action::GET_OBJECT, Resource::Account, Facts::default());
    assert_eq!(decision.to_string(), "denied: the key's policy is writeonly, the action a read");
    let decision = decide(&Principal::Anonymous, Action::PUT_OBJECT, Resource::Account, Facts::default());
    assert_eq!(decision, Decision::Deny(DenyReason::Anonymous));
}

proptest! {
    #[test]
    fn no_policy_allows_more_than_readwrite_and_no_user_more_than_root(
        action in proptest::sample::select(&ACTIONS[..]),
        owner in proptest::option::of("[a-c]"),
        user in "[a-c]",
    ) {
        for policy in KeyPolicy::ALL {
            let key = Principal::user(&user, Some(policy));
            let full = Principal::user(&user, Some(KeyPolicy::ReadWrite));
            if allowed(&key, action, owner.as_deref(), AnonymousAccess::None) {
                prop_assert!(allowed(&full, action, owner.as_deref(), AnonymousAccess::None));
            }
        }
        prop_assert!(allowed(&Principal::root(), action, owner.as_deref(), AnonymousAccess::None));
    }
}
