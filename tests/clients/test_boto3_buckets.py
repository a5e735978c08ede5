"""Buckets, and every setting that infrastructure tools read after creating one."""

import botocore.handlers
import pytest

from boto import make_client, refused


@pytest.mark.needs("own_bucket")
def test_a_bucket_is_made_found_listed_and_removed(s3, bucket_name):
    made = s3.create_bucket(Bucket=bucket_name)
    assert made["Location"] == f"/{bucket_name}"
    head = s3.head_bucket(Bucket=bucket_name)
    assert head["BucketRegion"] == "us-east-1"
    assert bucket_name in [item["Name"] for item in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=bucket_name)["LocationConstraint"] is None
    s3.delete_bucket(Bucket=bucket_name)
    with refused("404", 404):
        s3.head_bucket(Bucket=bucket_name)
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket=bucket_name)
    with refused("NoSuchBucket", 404):
        s3.delete_bucket(Bucket=bucket_name)


def test_the_owner_may_create_a_bucket_again(s3, bucket):
    assert s3.create_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.needs("own_bucket")
def test_a_bucket_that_is_not_empty_stays(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)


@pytest.mark.needs("own_bucket")
def test_a_bucket_made_again_is_empty(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"part")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    with refused("NoSuchUpload", 404):
        s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)


@pytest.mark.parametrize("name", ["Ab", "UPPER-case-name", "under_score", "a..b", "-dash", "dash-", "192.168.5.4", "a" * 64])
def test_illegal_names_are_refused(server, name):
    client = make_client(server)
    client.meta.events.unregister("before-parameter-build.s3", botocore.handlers.validate_bucket_name)
    with refused("InvalidBucketName", 400):
        client.create_bucket(Bucket=name)


def test_buckets_are_listed_in_pages(s3, bucket_name):
    names = sorted(f"{bucket_name}-{number}" for number in range(5))
    for name in names:
        s3.create_bucket(Bucket=name)
    listed = []
    pages = s3.get_paginator("list_buckets").paginate(Prefix=bucket_name, PaginationConfig={"PageSize": 2})
    for page in pages:
        assert len(page["Buckets"]) <= 2
        listed += [item["Name"] for item in page["Buckets"]]
    assert listed == names


def test_any_region_is_taken_where_none_is_set(server, bucket_name):
    make_client(server).create_bucket(Bucket=bucket_name)
    client = make_client(server, region="eu-central-1")
    client.put_object(Bucket=bucket_name, Key="k", Body=b"x")
    assert client.get_object(Bucket=bucket_name, Key="k")["Body"].read() == b"x"


def test_settings_that_were_never_made_answer_as_s3_does(s3, bucket):
    missing = {
        "get_bucket_policy": "NoSuchBucketPolicy",
        "get_bucket_policy_status": "NoSuchBucketPolicy",
        "get_bucket_cors": "NoSuchCORSConfiguration",
        "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
        "get_bucket_website": "NoSuchWebsiteConfiguration",
        "get_bucket_replication": "ReplicationConfigurationNotFoundError",
        "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
        "get_bucket_tagging": "NoSuchTagSet",
        "get_bucket_encryption": "ServerSideEncryptionConfigurationNotFoundError",
    }
    for name, code in missing.items():
        with refused(code, 404):
            getattr(s3, name)(Bucket=bucket)


def test_settings_that_are_there_from_the_start(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    notification = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert [name for name in notification if name.endswith(("Configurations", "Configuration"))] == []
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    assert "AnalyticsConfigurationList" not in s3.list_bucket_analytics_configurations(Bucket=bucket)
    assert "InventoryConfigurationList" not in s3.list_bucket_inventory_configurations(Bucket=bucket)
    assert "MetricsConfigurationList" not in s3.list_bucket_metrics_configurations(Bucket=bucket)
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True} and len(block) == 4
    acl = s3.get_bucket_acl(Bucket=bucket)
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]


def test_writing_the_value_that_a_setting_has_is_accepted(s3, bucket):
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)
    block = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})


def test_deleting_a_setting_that_is_not_there_is_204(s3, bucket):
    for name in ["policy", "cors", "lifecycle", "website", "replication", "tagging", "encryption"]:
        answer = getattr(s3, f"delete_bucket_{name}")(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204, name


def test_a_setting_that_cannot_be_made_yet_is_refused_by_name(s3, bucket):
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    attempts = [
        lambda: s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=cors),
        lambda: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}),
        lambda: s3.put_bucket_policy(Bucket=bucket, Policy='{"Version":"2012-10-17","Statement":[]}'),
        lambda: s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"}),
        lambda: s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Enabled"}),
    ]
    for attempt in attempts:
        with refused("NotImplemented", 501):
            attempt()


def test_an_acl_beyond_the_owner_is_refused(s3, bucket):
    with refused("AccessControlListNotSupported", 400):
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")


@pytest.mark.needs("own_bucket")
def test_tags_of_a_bucket(s3, bucket):
    tags = [{"Key": "team", "Value": "ü"}, {"Key": "cost", "Value": "7"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    got = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert sorted(tag["Key"] for tag in got) == ["cost", "team"]
    s3.delete_bucket_tagging(Bucket=bucket)
    with refused("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)
