//! ACLs as on a bucket with ACLs disabled, and the settings that nobody can make yet.

use iam::AnonymousAccess;
use s3_model::{
    BucketSetting, ErrorCode, Input, NeverMade, ObjectLockSetting, ObjectTaggingInput, Operation, Output,
    PublicAccessBlock, PutAclInput, PutBucketSettingInput, PutObjectAclInput, S3Error, SettingValue,
};
use service::{BucketSettings, ServiceSettings};
use types::{CanonicalId, VersionId};

use crate::world::*;

const ALL: [BucketSetting; 23] = [
    BucketSetting::Abac,
    BucketSetting::Accelerate,
    BucketSetting::Analytics,
    BucketSetting::AnalyticsList,
    BucketSetting::Cors,
    BucketSetting::Encryption,
    BucketSetting::IntelligentTiering,
    BucketSetting::IntelligentTieringList,
    BucketSetting::Inventory,
    BucketSetting::InventoryList,
    BucketSetting::Lifecycle,
    BucketSetting::Logging,
    BucketSetting::Metrics,
    BucketSetting::MetricsList,
    BucketSetting::Notification,
    BucketSetting::ObjectLock,
    BucketSetting::OwnershipControls,
    BucketSetting::Policy,
    BucketSetting::PolicyStatus,
    BucketSetting::PublicAccessBlock,
    BucketSetting::Replication,
    BucketSetting::RequestPayment,
    BucketSetting::Website,
];

async fn write(world: &World, operation: Operation, input: PutBucketSettingInput) -> Result<Output, S3Error> {
    world.call(in_bucket(operation), Input::PutBucketSetting(input)).await
}

async fn delete(world: &World, operation: Operation, setting: BucketSetting) -> Result<Output, S3Error> {
    world.call(in_bucket(operation), Input::DeleteBucketSetting(setting)).await
}

async fn public() -> World {
    let settings = BucketSettings { anonymous: AnonymousAccess::Read, ..BucketSettings::default() };
    World::with(ServiceSettings { buckets: [(name(BUCKET), settings)].into(), ..ServiceSettings::default() })
        .await
}

#[tokio::test]
async fn every_setting_reads_as_never_made() {
    let world = World::new().await;
    for setting in ALL {
        let target = in_bucket(Operation::GetBucketPolicy);
        let read = world.call(target, Input::GetBucketSetting(setting)).await;
        match (setting.never_made(), read) {
            (NeverMade::Error(code), Err(error)) => {
                assert_eq!(error.code, code, "{setting:?}");
                assert_eq!(error.code.status(), 404);
                assert_eq!(detail(&error, "BucketName"), Some(BUCKET));
            }
            (NeverMade::Document, Ok(output)) => {
                let output = expect!(Output::GetBucketSetting, output);
                assert_eq!(output.setting, setting);
                assert_eq!(output.public_access_block, PublicAccessBlock::ALL);
            }
            (expected, found) => panic!("{setting:?}: {found:?}, not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn writing_the_value_that_is_there_succeeds_and_any_other_is_refused_by_name() {
    let world = World::new().await;
    let setting = BucketSetting::Logging;
    let same = PutBucketSettingInput { setting, value: SettingValue::AsItIs };
    write(&world, Operation::PutBucketLogging, same).await.unwrap();
    let other = PutBucketSettingInput { setting, value: SettingValue::Other };
    let refused = write(&world, Operation::PutBucketLogging, other).await.unwrap_err();
    assert_eq!((refused.code, refused.code.status()), (ErrorCode::NotImplemented, 501));
    assert!(refused.message.contains("PutBucketLogging"));
}

#[tokio::test]
async fn the_public_access_block_follows_the_configuration() {
    let closed = World::new().await;
    for (world, own, other) in [
        (&closed, PublicAccessBlock::ALL, PublicAccessBlock::NONE),
        (&public().await, PublicAccessBlock::NONE, PublicAccessBlock::ALL),
    ] {
        let setting = BucketSetting::PublicAccessBlock;
        let target = in_bucket(Operation::GetPublicAccessBlock);
        let read = world.call(target, Input::GetBucketSetting(setting)).await.unwrap();
        assert_eq!(expect!(Output::GetBucketSetting, read).public_access_block, own);
        let block = |block| PutBucketSettingInput { setting, value: SettingValue::PublicAccessBlock(block) };
        write(world, Operation::PutPublicAccessBlock, block(own)).await.unwrap();
        let refused = write(world, Operation::PutPublicAccessBlock, block(other)).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotImplemented);
    }
}

#[tokio::test]
async fn deleting_what_is_not_there_succeeds() {
    let world = World::new().await;
    for (operation, setting) in [
        (Operation::DeleteBucketPolicy, BucketSetting::Policy),
        (Operation::DeleteBucketCors, BucketSetting::Cors),
        (Operation::DeleteBucketLifecycle, BucketSetting::Lifecycle),
        (Operation::DeleteBucketWebsite, BucketSetting::Website),
        (Operation::DeleteBucketReplication, BucketSetting::Replication),
        (Operation::DeleteBucketEncryption, BucketSetting::Encryption),
    ] {
        delete(&world, operation, setting).await.unwrap();
    }
    for (operation, setting) in [
        (Operation::DeletePublicAccessBlock, BucketSetting::PublicAccessBlock),
        (Operation::DeleteBucketOwnershipControls, BucketSetting::OwnershipControls),
    ] {
        let refused = delete(&world, operation, setting).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotImplemented);
    }
    let operation = Operation::DeletePublicAccessBlock;
    delete(&public().await, operation, BucketSetting::PublicAccessBlock).await.unwrap();
}

#[tokio::test]
async fn no_bucket_has_object_lock_or_a_cors_rule() {
    let world = World::new().await;
    for setting in [ObjectLockSetting::LegalHold, ObjectLockSetting::Retention] {
        let target = on_object(Operation::GetObjectRetention, "a");
        let refused = world.call(target, Input::ObjectLock(setting)).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidRequest);
        assert_eq!(refused.message, "Bucket is missing Object Lock Configuration");
    }
    let preflight = world.ask(
        &world.anonymous,
        in_bucket(Operation::CorsPreflight),
        Input::CorsPreflight,
        types::Body::empty(),
    );
    let refused = preflight.await.unwrap_err();
    assert_eq!((refused.code, refused.code.status()), (ErrorCode::AccessForbidden, 403));
}

#[tokio::test]
async fn acls_show_the_owner_with_full_control() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let acl = world.call(in_bucket(Operation::GetBucketAcl), Input::GetBucketAcl).await.unwrap();
    assert_eq!(&expect!(Output::GetBucketAcl, acl).owner, world.alice.owner().unwrap());
    let target = || on_object(Operation::GetObjectAcl, "a");
    let acl = world.call(target(), Input::GetObjectAcl(ObjectTaggingInput::default())).await.unwrap();
    assert_eq!(&expect!(Output::GetObjectAcl, acl).owner, world.alice.owner().unwrap());
    let version = ObjectTaggingInput { version_id: Some(VersionId::from_text("0123")) };
    let refused = world.call(target(), Input::GetObjectAcl(version)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchVersion);
    let target = on_object(Operation::GetObjectAcl, "missing");
    let refused = world.call(target, Input::GetObjectAcl(ObjectTaggingInput::default())).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoSuchKey);
}

#[tokio::test]
async fn only_the_acl_that_is_there_can_be_written() {
    let world = World::new().await;
    world.put("a", "bytes").await;
    let alice = world.alice.owner().unwrap().id.clone();
    let bob = CanonicalId::from_text("another");
    let cases = [
        (PutAclInput::OwnerFullControl, true),
        (PutAclInput::FullControlTo(vec![alice.clone()]), true),
        (PutAclInput::FullControlTo(vec![bob.clone()]), false),
        (PutAclInput::FullControlTo(vec![alice, bob]), false),
    ];
    for (acl, taken) in cases {
        let on_bucket =
            world.call(in_bucket(Operation::PutBucketAcl), Input::PutBucketAcl(acl.clone())).await;
        let input = PutObjectAclInput { version_id: None, acl: acl.clone() };
        let on_object = world.call(on_object(Operation::PutObjectAcl, "a"), Input::PutObjectAcl(input)).await;
        for written in [on_bucket, on_object] {
            assert_eq!(written.is_ok(), taken, "{acl:?}");
            if let Err(error) = written {
                assert_eq!(error.code, ErrorCode::AccessControlListNotSupported);
            }
        }
    }
}
