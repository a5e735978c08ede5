"""Uploads in parts: order, sizes, replacement, copies, completion, listing."""

import hashlib
import io

import boto3.s3.transfer
import pytest

from boto import read, refused
from conftest import bytes_of

MIB = 1024 * 1024
PART = 5 * MIB


def begin(s3, bucket, key="k", **options):
    return s3.create_multipart_upload(Bucket=bucket, Key=key, **options)["UploadId"]


def send(s3, bucket, upload, number, data, key="k"):
    answer = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=data)
    return {"PartNumber": number, "ETag": answer["ETag"]}


def complete(s3, bucket, upload, parts, key="k", **options):
    return s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **options)


def test_parts_in_any_order_make_the_object(s3, bucket):
    data = {3: bytes_of(1234, 3), 1: bytes_of(PART, 1), 2: bytes_of(PART + 1, 2)}
    upload = begin(s3, bucket, ContentType="text/x-own", Metadata={"a": "1"})
    parts = [send(s3, bucket, upload, number, content) for number, content in data.items()]
    parts.sort(key=lambda part: part["PartNumber"])
    done = complete(s3, bucket, upload, parts)
    whole = data[1] + data[2] + data[3]
    digests = b"".join(hashlib.md5(data[number]).digest() for number in (1, 2, 3))
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    answer = s3.get_object(Bucket=bucket, Key="k")
    assert answer["Body"].read() == whole
    assert (answer["ContentType"], answer["Metadata"]) == ("text/x-own", {"a": "1"})
    middle = read(s3, bucket, "k", Range=f"bytes={PART - 10}-{PART + 9}")
    assert middle == whole[PART - 10 : PART + 10]
    second = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert (second["PartsCount"], second["Body"].read()) == (3, data[2])
    assert s3.head_object(Bucket=bucket, Key="k", PartNumber=3)["ContentLength"] == 1234
    with refused("InvalidPartNumber", 416):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=4)


def test_the_transfer_manager_uploads_and_downloads(s3, bucket, tmp_path):
    content = bytes_of(33 * MIB + 5)
    config = boto3.s3.transfer.TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, max_concurrency=8)
    s3.upload_fileobj(io.BytesIO(content), bucket, "k", Config=config)
    assert s3.head_object(Bucket=bucket, Key="k")["ETag"].endswith('-5"')
    s3.download_file(bucket, "k", str(tmp_path / "k"), Config=config)
    assert (tmp_path / "k").read_bytes() == content
    s3.copy({"Bucket": bucket, "Key": "k"}, bucket, "copy", Config=config)
    assert read(s3, bucket, "copy") == content


def test_a_part_sent_again_replaces_the_first(s3, bucket):
    upload = begin(s3, bucket)
    send(s3, bucket, upload, 1, b"old")
    part = send(s3, bucket, upload, 1, b"new")
    complete(s3, bucket, upload, [part])
    assert read(s3, bucket, "k") == b"new"


def test_parts_that_are_not_listed_are_dropped(s3, bucket):
    upload = begin(s3, bucket)
    kept = send(s3, bucket, upload, 7, b"kept")
    send(s3, bucket, upload, 9, b"dropped")
    complete(s3, bucket, upload, [kept])
    assert read(s3, bucket, "k") == b"kept"


def test_what_completing_refuses(s3, bucket):
    upload = begin(s3, bucket)
    parts = [send(s3, bucket, upload, number, b"small") for number in (1, 2)]
    with refused("EntityTooSmall", 400):
        complete(s3, bucket, upload, parts)
    with refused("InvalidPartOrder", 400):
        complete(s3, bucket, upload, parts[::-1])
    with refused("InvalidPart", 400):
        complete(s3, bucket, upload, [{"PartNumber": 3, "ETag": parts[0]["ETag"]}])
    with refused("InvalidPart", 400):
        complete(s3, bucket, upload, [{"PartNumber": 1, "ETag": '"00000000000000000000000000000000"'}])
    with refused("MalformedXML", 400):
        complete(s3, bucket, upload, [])
    with refused("InvalidRequest", 400):
        complete(s3, bucket, upload, parts[:1], MpuObjectSize=17)
    complete(s3, bucket, upload, parts[:1], MpuObjectSize=5)
    assert read(s3, bucket, "k") == b"small"


def test_completing_again_gives_the_same_answer(s3, bucket):
    upload = begin(s3, bucket)
    part = send(s3, bucket, upload, 1, b"x")
    first = complete(s3, bucket, upload, [part])
    assert complete(s3, bucket, upload, [part])["ETag"] == first["ETag"]


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers_have_bounds(s3, bucket, number):
    upload = begin(s3, bucket)
    with refused("InvalidArgument", 400):
        send(s3, bucket, upload, number, b"x")


def test_an_aborted_upload_is_gone(s3, bucket):
    upload = begin(s3, bucket)
    part = send(s3, bucket, upload, 1, b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    for call in (lambda: complete(s3, bucket, upload, [part]), lambda: send(s3, bucket, upload, 2, b"x"),
                 lambda: s3.list_parts(Bucket=bucket, Key="k", UploadId=upload),
                 lambda: s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)):
        with refused("NoSuchUpload", 404):
            call()
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_parts_of_two_uploads_never_mix(s3, bucket):
    one, two = begin(s3, bucket), begin(s3, bucket)
    first, second = send(s3, bucket, one, 1, b"one"), send(s3, bucket, two, 1, b"two")
    with refused("InvalidPart", 400):
        complete(s3, bucket, one, [second])
    complete(s3, bucket, two, [second])
    assert read(s3, bucket, "k") == b"two"
    complete(s3, bucket, one, [first])
    assert read(s3, bucket, "k") == b"one"


def test_parts_are_copied_by_range(s3, bucket):
    content = bytes_of(12 * MIB)
    s3.put_object(Bucket=bucket, Key="source", Body=content)
    upload = begin(s3, bucket)
    source = {"Bucket": bucket, "Key": "source"}
    parts = []
    for number, (first, last) in enumerate([(0, PART - 1), (7, PART + 6), (12 * MIB - 3, 12 * MIB - 1)], 1):
        answer = s3.upload_part_copy(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, CopySource=source,
                                     CopySourceRange=f"bytes={first}-{last}")
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    complete(s3, bucket, upload, parts)
    assert read(s3, bucket, "k") == content[:PART] + content[7 : PART + 7] + content[-3:]
    upload = begin(s3, bucket)
    with refused("InvalidArgument", 400):
        s3.upload_part_copy(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, CopySource=source,
                            CopySourceRange=f"bytes=0-{12 * MIB}")


def test_parts_are_listed_in_pages(s3, bucket):
    upload = begin(s3, bucket)
    for number in (1, 2, 5, 9):
        send(s3, bucket, upload, number, b"x" * number)
    pages = s3.get_paginator("list_parts").paginate(Bucket=bucket, Key="k", UploadId=upload, PaginationConfig={"PageSize": 3})
    parts = [part for page in pages for part in page["Parts"]]
    assert [(part["PartNumber"], part["Size"]) for part in parts] == [(1, 1), (2, 2), (5, 5), (9, 9)]
    assert s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, MaxParts=4)["IsTruncated"] is False


def test_uploads_are_listed_in_pages_and_folded(s3, bucket):
    keys = ["a", "a", "b/1", "b/2", "c"]
    uploads = sorted((key, begin(s3, bucket, key)) for key in keys)
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    listed = [(item["Key"], item["UploadId"]) for page in pages for item in page["Uploads"]]
    assert sorted(listed) == uploads and [key for key, _ in listed] == keys
    folded = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [item["Prefix"] for item in folded["CommonPrefixes"]] == ["b/"]
    assert [item["Key"] for item in folded["Uploads"]] == ["a", "a", "c"]
    assert [item["Key"] for item in s3.list_multipart_uploads(Bucket=bucket, Prefix="b/")["Uploads"]] == ["b/1", "b/2"]


def test_an_upload_outlives_a_restart(server, s3, bucket):
    if not hasattr(server, "kill"):
        pytest.skip("an external server is not restarted")
    upload = begin(s3, bucket, Metadata={"a": "1"})
    first = send(s3, bucket, upload, 1, bytes_of(PART))
    server.stop()
    server.start()
    last = send(s3, bucket, upload, 2, b"end")
    complete(s3, bucket, upload, [first, last])
    assert read(s3, bucket, "k") == bytes_of(PART) + b"end"


@pytest.mark.needs("small_parts")
def test_a_thousand_parts(s3, bucket):
    upload = begin(s3, bucket)
    for number in range(1, 1003):
        send(s3, bucket, upload, number, b"x")
    page = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    assert (len(page["Parts"]), page["IsTruncated"], page["NextPartNumberMarker"]) == (1000, True, 1000)
    rest = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, PartNumberMarker=1000)
    assert [part["PartNumber"] for part in rest["Parts"]] == [1001, 1002]
