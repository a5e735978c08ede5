"""Versioning: enabled, suspended, null versions, delete markers."""

import pytest

from boto import make_client, put_all, read, refused

pytestmark = pytest.mark.needs("versioning")


def enable(s3, bucket, status="Enabled"):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


@pytest.fixture
def versioned(s3, bucket):
    enable(s3, bucket)
    return bucket


def put(s3, bucket, body, key="k"):
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")


def test_every_write_keeps_the_one_before(s3, versioned):
    assert s3.get_bucket_versioning(Bucket=versioned)["Status"] == "Enabled"
    ids = [put(s3, versioned, b"%d" % number) for number in range(3)]
    assert len(set(ids)) == 3
    assert read(s3, versioned, "k") == b"2"
    for number, version in enumerate(ids):
        assert read(s3, versioned, "k", VersionId=version) == b"%d" % number
        assert s3.head_object(Bucket=versioned, Key="k", VersionId=version)["VersionId"] == version
    listed = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [(item["VersionId"], item["IsLatest"]) for item in listed] == [(ids[2], True), (ids[1], False), (ids[0], False)]


def test_a_delete_leaves_a_marker_and_deleting_that_brings_the_object_back(s3, versioned):
    version = put(s3, versioned, b"x")
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert marker["DeleteMarker"] is True
    with refused("NoSuchKey", 404) as caught:
        s3.get_object(Bucket=versioned, Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker["VersionId"])
    with refused("MethodNotAllowed", 405) as caught:
        s3.get_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    assert read(s3, versioned, "k", VersionId=version) == b"x"
    gone = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert gone["DeleteMarker"] is True
    assert read(s3, versioned, "k") == b"x"


def test_deleting_the_latest_version_uncovers_the_one_before(s3, versioned):
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert answer["VersionId"] == second and "DeleteMarker" not in answer
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == first
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=versioned, Key="k", VersionId=second)


def test_what_was_there_before_is_the_null_version(s3, bucket):
    assert put(s3, bucket, b"old") is None
    enable(s3, bucket)
    put(s3, bucket, b"new")
    assert read(s3, bucket, "k", VersionId="null") == b"old"
    assert [item["VersionId"] for item in s3.list_object_versions(Bucket=bucket)["Versions"]][1] == "null"


def test_suspending_replaces_the_null_version_only(s3, versioned):
    kept = put(s3, versioned, b"kept")
    enable(s3, versioned, "Suspended")
    s3.put_object(Bucket=versioned, Key="k", Body=b"null 1")
    s3.put_object(Bucket=versioned, Key="k", Body=b"null 2")
    listed = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [item["VersionId"] for item in listed] == ["null", kept]
    assert read(s3, versioned, "k") == b"null 2"
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    listing = s3.list_object_versions(Bucket=versioned)
    assert [item["VersionId"] for item in listing["Versions"]] == [kept]
    assert [item["VersionId"] for item in listing["DeleteMarkers"]] == ["null"]


def test_a_version_that_is_none(s3, versioned):
    put(s3, versioned, b"x")
    with refused("InvalidArgument", 400):
        s3.get_object(Bucket=versioned, Key="k", VersionId="no such version")


def test_versions_are_copied_and_tagged_one_by_one(s3, versioned):
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    s3.copy_object(Bucket=versioned, Key="copy", CopySource={"Bucket": versioned, "Key": "k", "VersionId": first})
    assert read(s3, versioned, "copy") == b"1"
    s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=first, Tagging={"TagSet": [{"Key": "n", "Value": "1"}]})
    assert s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=first)["TagSet"] == [{"Key": "n", "Value": "1"}]
    assert s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=second)["TagSet"] == []


def test_restoring_by_copying_an_old_version_onto_its_key(s3, versioned):
    first = put(s3, versioned, b"1")
    put(s3, versioned, b"2")
    s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "k", "VersionId": first})
    assert read(s3, versioned, "k") == b"1"
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 3


def test_versions_are_listed_in_pages_that_end_anywhere(s3, versioned):
    expected = []
    for key in ("a", "b/1", "b/2", "c"):
        ids = [put(s3, versioned, b"%d" % number, key) for number in range(3)]
        expected += [(key, version) for version in reversed(ids)]
    for size in (1, 2, 3, 5, 12):
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=versioned, PaginationConfig={"PageSize": size})
        listed = [(item["Key"], item["VersionId"]) for page in pages for item in page.get("Versions", [])]
        assert listed == expected, size
    folded = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert [item["Prefix"] for item in folded["CommonPrefixes"]] == ["b/"]
    assert [item["Key"] for item in folded["Versions"]] == ["a"] * 3 + ["c"] * 3
    assert {item["Key"] for item in s3.list_object_versions(Bucket=versioned, Prefix="b/")["Versions"]} == {"b/1", "b/2"}


def test_many_versions_and_markers_are_deleted_at_once(s3, versioned):
    for key in ("a", "b"):
        put(s3, versioned, b"1", key)
        put(s3, versioned, b"2", key)
    markers = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})["Deleted"]
    assert all(item["DeleteMarker"] and item["DeleteMarkerVersionId"] for item in markers)
    listing = s3.list_object_versions(Bucket=versioned)
    everything = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in listing["Versions"] + listing["DeleteMarkers"]]
    assert len(everything) == 6
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": everything})
    assert len(answer["Deleted"]) == 6
    empty = s3.list_object_versions(Bucket=versioned)
    assert "Versions" not in empty and "DeleteMarkers" not in empty
    s3.delete_bucket(Bucket=versioned)


def test_a_bucket_with_a_marker_is_not_empty(s3, versioned):
    put(s3, versioned, b"x")
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=versioned)


def test_an_upload_in_parts_makes_a_version(s3, versioned):
    first = put(s3, versioned, b"x")
    upload = s3.create_multipart_upload(Bucket=versioned, Key="k")["UploadId"]
    part = s3.upload_part(Bucket=versioned, Key="k", UploadId=upload, PartNumber=1, Body=b"y")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = s3.complete_multipart_upload(Bucket=versioned, Key="k", UploadId=upload, MultipartUpload=parts)
    assert done["VersionId"] not in (first, None)
    assert read(s3, versioned, "k", VersionId=first) == b"x"


def test_current_keys_are_listed_without_their_history(s3, versioned):
    put_all(s3, versioned, ["a", "b", "c"] * 5)
    s3.delete_object(Bucket=versioned, Key="b")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=versioned)["Contents"]] == ["a", "c"]


def test_versioning_cannot_be_unset(server, versioned):
    with refused("IllegalVersioningConfigurationException", 400):
        make_client(server).put_bucket_versioning(Bucket=versioned, VersioningConfiguration={})
