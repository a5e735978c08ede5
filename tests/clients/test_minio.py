"""minio-py: objects, ranges, multipart, listing, presigned URLs and policies, composition."""

import datetime
import io

import pytest
import urllib3
from minio import Minio, S3Error
from minio.commonconfig import ComposeSource, CopySource, Tags
from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject
from minio.versioningconfig import ENABLED, VersioningConfig

from conftest import bytes_of
from sluice import ACCESS_KEY, SECRET_KEY


@pytest.fixture
def client(server):
    return Minio(f"127.0.0.1:{server.port}", access_key=ACCESS_KEY, secret_key=SECRET_KEY, secure=False)


@pytest.fixture
def own(client, bucket_name):
    client.make_bucket(bucket_name)
    return bucket_name


def read(client, bucket, key, **options):
    response = client.get_object(bucket, key, **options)
    try:
        return response.data
    finally:
        response.close()
        response.release_conn()


@pytest.mark.parametrize("size", [0, 1000, 17 * 1024 * 1024])
def test_objects(client, own, size):
    content = bytes_of(size)
    tags = Tags.new_object_tags()
    tags["a"] = "1"
    client.put_object(own, "dir/k ü+", io.BytesIO(content), size, content_type="text/x-own", metadata={"b": "2"}, tags=tags)
    stat = client.stat_object(own, "dir/k ü+")
    assert (stat.size, stat.content_type, stat.metadata["x-amz-meta-b"]) == (size, "text/x-own", "2")
    assert read(client, own, "dir/k ü+") == content
    assert client.get_object_tags(own, "dir/k ü+") == {"a": "1"}
    if size:
        assert read(client, own, "dir/k ü+", offset=5, length=20) == content[5:25]


def test_a_stream_of_unknown_length(client, own):
    content = bytes_of(11 * 1024 * 1024)
    client.put_object(own, "k", io.BytesIO(content), -1, part_size=5 * 1024 * 1024)
    assert read(client, own, "k") == content


def test_listing_and_deleting(client, own):
    for number in range(20):
        client.put_object(own, f"d{number % 2}/{number:02}", io.BytesIO(b"x"), 1)
    assert [item.object_name for item in client.list_objects(own)] == ["d0/", "d1/"]
    keys = [item.object_name for item in client.list_objects(own, recursive=True)]
    assert len(keys) == 20 and keys == sorted(keys)
    assert list(client.remove_objects(own, [DeleteObject(key) for key in keys])) == []
    assert list(client.list_objects(own)) == []


def test_copies_and_compositions(client, own):
    parts = [bytes_of(5 * 1024 * 1024, seed) for seed in (1, 2)]
    for number, part in enumerate(parts):
        client.put_object(own, f"p{number}", io.BytesIO(part), len(part))
    client.copy_object(own, "copy", CopySource(own, "p0"))
    assert read(client, own, "copy") == parts[0]
    client.compose_object(own, "whole", [ComposeSource(own, "p0"), ComposeSource(own, "p1")])
    assert read(client, own, "whole") == b"".join(parts)


def test_urls_and_forms(client, own):
    put = client.presigned_put_object(own, "k", expires=datetime.timedelta(minutes=5))
    assert urllib3.request("PUT", put, body=b"by url").status == 200
    assert urllib3.request("GET", client.presigned_get_object(own, "k")).data == b"by url"
    policy = PostPolicy(own, datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5))
    policy.add_starts_with_condition("key", "form/")
    policy.add_content_length_range_condition(1, 100)
    fields = {**client.presigned_post_policy(policy), "key": "form/k", "file": ("f", b"by form")}
    answer = urllib3.request("POST", f"http://{client._base_url.host}/{own}", fields=fields)
    assert answer.status == 204, answer.data
    assert read(client, own, "form/k") == b"by form"


@pytest.mark.needs("versioning")
def test_versions_and_errors(client, own):
    client.set_bucket_versioning(own, VersioningConfig(ENABLED))
    first = client.put_object(own, "k", io.BytesIO(b"1"), 1)
    client.put_object(own, "k", io.BytesIO(b"2"), 1)
    assert read(client, own, "k", version_id=first.version_id) == b"1"
    assert len(list(client.list_objects(own, include_version=True))) == 2
    with pytest.raises(S3Error) as caught:
        client.get_object(own, "missing")
    assert caught.value.code == "NoSuchKey"
