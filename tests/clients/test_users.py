"""Several keys: who owns a bucket, and what readonly, writeonly and readwrite allow."""

import pytest

from boto import make_client, read, refused
from gateways import make_server

CONFIG = """
[[access_key]]
id = "ALICEKEY000000000001"
secret = "alice-secret-0123456789"
name = "alice"

[[access_key]]
id = "ALICEKEY000000000002"
secret = "alice-other-secret-0123456789"
name = "alice"

[[access_key]]
id = "BOBKEY00000000000001"
secret = "bob-secret-0123456789"
name = "bob"

[[access_key]]
id = "READKEY0000000000001"
secret = "read-secret-0123456789"
name = "reader"
policy = "readonly"

[[access_key]]
id = "WRITEKEY000000000001"
secret = "write-secret-0123456789"
name = "writer"
policy = "writeonly"

[[access_key]]
id = "BOTHKEY0000000000001"
secret = "both-secret-0123456789"
name = "both"
policy = "readwrite"
"""

KEYS = {
    "alice": ("ALICEKEY000000000001", "alice-secret-0123456789"),
    "alice again": ("ALICEKEY000000000002", "alice-other-secret-0123456789"),
    "bob": ("BOBKEY00000000000001", "bob-secret-0123456789"),
    "reader": ("READKEY0000000000001", "read-secret-0123456789"),
    "writer": ("WRITEKEY000000000001", "write-secret-0123456789"),
    "both": ("BOTHKEY0000000000001", "both-secret-0123456789"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = make_server(tmp_path_factory.mktemp("users"), config=CONFIG)
    running.start()
    yield running
    assert running.stop() == 0, "the server did not end well"
    running.close()


@pytest.fixture(scope="module")
def people(server):
    return {name: make_client(server, key=key) for name, key in KEYS.items()}


def names(client):
    return {item["Name"] for item in client.list_buckets()["Buckets"]}


def test_a_bucket_belongs_to_who_made_it(people, s3, bucket_name):
    people["alice"].create_bucket(Bucket=bucket_name)
    people["alice"].put_object(Bucket=bucket_name, Key="k", Body=b"x")
    assert read(people["alice again"], bucket_name, "k") == b"x"
    assert read(s3, bucket_name, "k") == b"x"
    assert bucket_name in names(people["alice"]) and bucket_name in names(s3)
    assert bucket_name not in names(people["bob"])
    for call in (lambda: people["bob"].get_object(Bucket=bucket_name, Key="k"),
                 lambda: people["bob"].put_object(Bucket=bucket_name, Key="k", Body=b"y"),
                 lambda: people["bob"].list_objects_v2(Bucket=bucket_name),
                 lambda: people["bob"].delete_bucket(Bucket=bucket_name)):
        with refused("AccessDenied", 403):
            call()
    with refused("BucketAlreadyExists", 409):
        people["bob"].create_bucket(Bucket=bucket_name)
    assert read(s3, bucket_name, "k") == b"x"


def test_a_copy_needs_the_right_to_read_its_source(people, bucket_name):
    people["alice"].create_bucket(Bucket=bucket_name)
    people["alice"].put_object(Bucket=bucket_name, Key="k", Body=b"x")
    people["bob"].create_bucket(Bucket=f"{bucket_name}-bob")
    with refused("AccessDenied", 403):
        people["bob"].copy_object(Bucket=f"{bucket_name}-bob", Key="k", CopySource={"Bucket": bucket_name, "Key": "k"})


def test_readonly(people, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    reader = people["reader"]
    assert read(reader, bucket, "k") == b"x"
    assert reader.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert bucket in names(reader)
    for call in (lambda: reader.put_object(Bucket=bucket, Key="k", Body=b"y"),
                 lambda: reader.delete_object(Bucket=bucket, Key="k"),
                 lambda: reader.create_multipart_upload(Bucket=bucket, Key="k"),
                 lambda: reader.create_bucket(Bucket=f"{bucket}-r")):
        with refused("AccessDenied", 403):
            call()


def test_writeonly(people, s3, bucket):
    writer = people["writer"]
    writer.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert read(s3, bucket, "k") == b"x"
    with refused("AccessDenied", 403):
        writer.get_object(Bucket=bucket, Key="k")
    with refused("403", 403):
        writer.head_object(Bucket=bucket, Key="k")
    with refused("AccessDenied", 403):
        writer.list_objects_v2(Bucket=bucket)
    upload = writer.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    part = writer.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=1, Body=b"y")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    writer.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload, MultipartUpload=parts)
    writer.delete_object(Bucket=bucket, Key="k")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["m"]


@pytest.mark.needs("own_bucket")
def test_readwrite(people, s3, bucket, bucket_name):
    both = people["both"]
    both.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert read(both, bucket, "k") == b"x"
    both.create_bucket(Bucket=f"{bucket_name}-own")
    both.delete_bucket(Bucket=f"{bucket_name}-own")


def test_the_owner_of_a_name_stays_the_same(server, people, bucket_name):
    people["alice"].create_bucket(Bucket=bucket_name)
    owner = people["alice"].list_buckets()["Owner"]["ID"]
    assert len(owner) == 64 and owner != people["bob"].list_buckets()["Owner"]["ID"]
    assert people["alice again"].list_buckets()["Owner"]["ID"] == owner
    server.stop()
    server.start()
    assert people["alice"].list_buckets()["Owner"]["ID"] == owner
    assert bucket_name in names(people["alice"])
