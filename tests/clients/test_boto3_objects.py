"""Objects: put, get, head, delete, copy, metadata, tags, ranges and read conditions."""

import datetime
import io

import pytest

from boto import make_client, put_all, read, refused
from conftest import bytes_of


@pytest.mark.parametrize("size", [0, 1, 4096, 65_536, 65_537, 1_048_577, 9_000_001])
def test_bytes_come_back_as_they_went(s3, bucket, size):
    content = bytes_of(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=content)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == content
    assert got["ETag"] == put["ETag"]
    assert got["ContentLength"] == size
    assert got["AcceptRanges"] == "bytes"


def test_an_etag_is_the_md5_of_the_bytes(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"hello")["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'


def test_the_last_write_wins(s3, bucket):
    for number in range(5):
        s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number)
        assert read(s3, bucket, "k") == b"%d" % number


def test_a_stream_of_unknown_length_is_sent_in_chunks(s3, bucket):
    content = bytes_of(3_000_000)

    class Unseekable(io.RawIOBase):
        source = io.BytesIO(content)

        def readable(self):
            return True

        def readinto(self, buffer):
            return self.source.readinto(buffer)

    s3.upload_fileobj(Unseekable(), bucket, "k")
    assert read(s3, bucket, "k") == content


def test_headers_and_metadata_are_kept(s3, bucket):
    expires = datetime.datetime(2031, 5, 4, 3, 2, 1, tzinfo=datetime.timezone.utc)
    s3.put_object(
        Bucket=bucket, Key="k", Body=b"x", CacheControl="max-age=60", ContentDisposition='attachment; filename="a.txt"',
        ContentEncoding="gzip", ContentLanguage="de", ContentType="text/x-own", Expires=expires,
        Metadata={"color": "blue", "empty": ""}, WebsiteRedirectLocation="/elsewhere", StorageClass="STANDARD_IA",
    )
    for answer in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert answer["CacheControl"] == "max-age=60"
        assert answer["ContentDisposition"] == 'attachment; filename="a.txt"'
        assert answer["ContentEncoding"] == "gzip"
        assert answer["ContentLanguage"] == "de"
        assert answer["ContentType"] == "text/x-own"
        assert answer["ExpiresString"] == "Sun, 04 May 2031 03:02:01 GMT"
        assert answer["Metadata"] == {"color": "blue", "empty": ""}
        assert answer["WebsiteRedirectLocation"] == "/elsewhere"
        assert answer["StorageClass"] == "STANDARD_IA"


def test_the_chunked_encoding_is_not_kept_as_content_encoding(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert "ContentEncoding" not in s3.head_object(Bucket=bucket, Key="k")


def test_a_foreign_storage_class_is_refused(s3, bucket):
    with refused("InvalidStorageClass", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="COLDER")


def test_overrides_of_response_headers(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    answer = s3.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/plain", ResponseCacheControl="no-cache",
        ResponseContentDisposition="inline", ResponseContentEncoding="identity", ResponseContentLanguage="en",
    )
    assert (answer["ContentType"], answer["CacheControl"]) == ("text/plain", "no-cache")
    assert (answer["ContentDisposition"], answer["ContentLanguage"]) == ("inline", "en")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=65530-65545", 65530, 65545), ("bytes=99990-", 99990, 99999),
     ("bytes=-5", 99995, 99999), ("bytes=99999-200000", 99999, 99999), ("bytes=-200000", 0, 99999)],
)
def test_ranges(s3, bucket, asked, first, last):
    content = bytes_of(100_000)
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    answer = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == f"bytes {first}-{last}/100000"
    assert answer["Body"].read() == content[first : last + 1]


def test_a_range_behind_the_end_is_416(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")


def test_a_range_that_is_none_gives_the_whole(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key="k", Range="lines=1-2")
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Body"].read()) == (200, b"0123456789")


def test_read_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    before, after = modified - datetime.timedelta(hours=1), modified + datetime.timedelta(seconds=1)
    good = [dict(IfMatch=etag), dict(IfMatch="*"), dict(IfNoneMatch='"other"'), dict(IfModifiedSince=before),
            dict(IfUnmodifiedSince=after), dict(IfMatch=etag, IfUnmodifiedSince=before)]
    for condition in good:
        assert read(s3, bucket, "k", **condition) == b"x", condition
    for condition in [dict(IfMatch='"other"'), dict(IfUnmodifiedSince=before)]:
        with refused("PreconditionFailed", 412):
            s3.get_object(Bucket=bucket, Key="k", **condition)
        with refused("412", 412):
            s3.head_object(Bucket=bucket, Key="k", **condition)
    for condition in [dict(IfNoneMatch=etag), dict(IfModifiedSince=modified), dict(IfNoneMatch="*"),
                      dict(IfNoneMatch=etag, IfModifiedSince=before)]:
        with refused("304", 304):
            s3.get_object(Bucket=bucket, Key="k", **condition)


def test_delete_is_idempotent_and_a_missing_key_is_404(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for _ in range(2):
        assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_thousand_keys_are_deleted_at_once(s3, bucket):
    keys = [f"many/{number:04}" for number in range(1000)]
    put_all(s3, bucket, keys)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    assert {item["Key"] for item in answer["Deleted"]} == set(keys)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_deletes_answer_for_each_key(s3, bucket):
    put_all(s3, bucket, ["here", "kept"])
    objects = [{"Key": "here"}, {"Key": "missing"}, {"Key": "kept", "ETag": '"0123456789abcdef0123456789abcdef"'}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert {item["Key"] for item in answer["Deleted"]} >= {"here", "missing"}
    assert [(item["Key"], item["Code"]) for item in answer["Errors"]] == [("kept", "PreconditionFailed")]
    assert read(s3, bucket, "kept") == b"kept"


def test_a_quiet_delete_says_nothing_of_success(s3, bucket):
    put_all(s3, bucket, ["a", "b"])
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}], "Quiet": True})
    assert "Deleted" not in answer and "Errors" not in answer


def test_more_than_a_thousand_keys_are_refused(s3, bucket):
    with refused("MalformedXML", 400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"{number}"} for number in range(1001)]})


@pytest.mark.parametrize("size", [5, 300_000])
def test_a_copy_keeps_bytes_metadata_and_tags(s3, bucket, size):
    content = bytes_of(size)
    s3.put_object(Bucket=bucket, Key="from", Body=content, ContentType="text/x-own", Metadata={"a": "1"}, Tagging="t=1")
    copied = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    answer = s3.get_object(Bucket=bucket, Key="to")
    assert answer["Body"].read() == content
    assert (answer["ContentType"], answer["Metadata"], answer["TagCount"]) == ("text/x-own", {"a": "1"}, 1)
    assert copied["CopyObjectResult"]["ETag"] == answer["ETag"]
    s3.delete_object(Bucket=bucket, Key="from")
    assert read(s3, bucket, "to") == content


def test_a_copy_replaces_metadata_and_tags_where_told(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=b"x", Metadata={"a": "1"}, Tagging="t=1")
    source = {"Bucket": bucket, "Key": "from"}
    s3.copy_object(Bucket=bucket, Key="to", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"},
                   TaggingDirective="REPLACE", Tagging="u=2&v=3")
    assert s3.head_object(Bucket=bucket, Key="to")["Metadata"] == {"b": "2"}
    tags = s3.get_object_tagging(Bucket=bucket, Key="to")["TagSet"]
    assert sorted((tag["Key"], tag["Value"]) for tag in tags) == [("u", "2"), ("v", "3")]


def test_a_copy_onto_itself_must_change_something(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "k"}
    with refused("InvalidRequest", 400):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=source)
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, MetadataDirective="REPLACE", Metadata={"a": "2"})
    answer = s3.get_object(Bucket=bucket, Key="k")
    assert (answer["Metadata"], answer["Body"].read()) == ({"a": "2"}, b"x")


def test_a_copy_into_another_bucket_with_an_odd_key(s3, bucket, bucket_name):
    other = f"{bucket_name}-b"
    s3.create_bucket(Bucket=other)
    key = "odd/ü +%2F?&=/😀"
    s3.put_object(Bucket=bucket, Key=key, Body=b"odd")
    s3.copy_object(Bucket=other, Key="to", CopySource={"Bucket": bucket, "Key": key})
    assert read(s3, other, "to") == b"odd"


def test_conditions_on_the_source_of_a_copy(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="from", Body=b"x")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="from")["LastModified"]
    source = {"Bucket": bucket, "Key": "from"}
    hour = datetime.timedelta(hours=1)
    s3.copy_object(Bucket=bucket, Key="to", CopySource=source, CopySourceIfMatch=etag, CopySourceIfUnmodifiedSince=modified - hour)
    bad = [dict(CopySourceIfMatch='"o"'), dict(CopySourceIfNoneMatch=etag), dict(CopySourceIfUnmodifiedSince=modified - hour),
           dict(CopySourceIfModifiedSince=modified)]
    for condition in bad:
        with refused("PreconditionFailed", 412):
            s3.copy_object(Bucket=bucket, Key="to", CopySource=source, **condition)


def test_a_copy_of_what_is_not_there(s3, bucket):
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "missing"})
    with refused("NoSuchBucket", 404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": f"{bucket}-no", "Key": "missing"})


def test_object_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1&b=with%20space")
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]}
    assert tags == {"a": "1", "b": "with space"}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "ü", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "ü", "Value": ""}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert read(s3, bucket, "k") == b"x"


def test_too_many_and_doubled_tags_are_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    eleven = [{"Key": f"k{number}", "Value": "v"} for number in range(11)]
    with refused("BadRequest", 400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": eleven})
    with refused("InvalidTag", 400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "1"}] * 2})


def test_attributes_of_an_object(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm="SHA256")["ETag"]
    asked = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    answer = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=asked)
    assert answer["ETag"] == etag.strip('"')
    assert (answer["ObjectSize"], answer["StorageClass"]) == (5, "STANDARD")
    assert answer["Checksum"]["ChecksumSHA256"] == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    assert "ObjectParts" not in answer


def test_waiters(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    once = {"Delay": 1, "MaxAttempts": 1}
    s3.get_waiter("bucket_exists").wait(Bucket=bucket, WaiterConfig=once)
    s3.get_waiter("object_exists").wait(Bucket=bucket, Key="k", WaiterConfig=once)
    s3.get_waiter("object_not_exists").wait(Bucket=bucket, Key="missing", WaiterConfig=once)
    s3.get_waiter("bucket_not_exists").wait(Bucket=f"{bucket}-no", WaiterConfig=once)


def test_the_owner_that_is_expected_is_checked(s3, bucket):
    owner = s3.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ExpectedBucketOwner=owner)
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=bucket, Key="k", ExpectedBucketOwner="123456789012")
    with refused("AccessDenied", 403):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "k"},
                       ExpectedSourceBucketOwner="123456789012")


@pytest.mark.parametrize("options", [
    dict(ServerSideEncryption="AES256"), dict(ServerSideEncryption="aws:kms"), dict(ObjectLockLegalHoldStatus="ON"),
    dict(SSECustomerAlgorithm="AES256", SSECustomerKey="0" * 32), dict(GrantRead="id=abc"),
])
def test_what_would_change_the_meaning_is_refused_by_name(s3, bucket, options):
    if "GrantRead" in options:
        with refused("AccessControlListNotSupported", 400):
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", **options)
    else:
        client = make_client_over_any(s3)
        with refused("NotImplemented", 501):
            client.put_object(Bucket=bucket, Key="k", Body=b"x", **options)
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def make_client_over_any(client):
    """The client, without botocore's own refusal to send customer keys over plain HTTP."""
    client.meta.events.unregister("before-call.s3", unique_id="s3-sse-over-http")
    return client


def test_canned_acls_of_a_bucket_without_acls(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="private")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    with refused("AccessControlListNotSupported", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    acl = s3.get_object_acl(Bucket=bucket, Key="k")
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]
    assert acl["Grants"][0]["Grantee"]["ID"] == acl["Owner"]["ID"]


def test_virtual_hosted_requests_need_their_domain(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert read(make_client(server, s3={"addressing_style": "path"}), bucket, "k") == b"x"
