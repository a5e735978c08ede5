"""Keys are kept byte by byte."""

import email.header

import pytest

from boto import keys_of, put_all, read, refused
from raw import HTTP, sign

ODD_KEYS = [
    "a", "a/b", "a/", "a//b", "//", "/", "/leading", "..", "../up", "./here", "a/../b", ".", "+", "a+b", "a b", " ", "%", "%20", "%2F",
    "?", "a?b=c", "#", "&", "a&b", "=", "'", '"', "<>", "*", "(x)", "!", "~", "@", ":", ";", ",", "$", "[]", "{}", "|",
    "\\", "^", "`", "ü", "日本語", "😀", "e\u0301", "\u00e9", "tab\tkey", "new\nline", "\u0001", "\x7f", "\u200b", "\ufffd",
    "CON", "a" * 1024, "ü" * 512, "😀" * 256, "d/" * 512,
]

# XML 1.0 has no way to write these, so no document can name them.
NAMELESS = ["\u0001"]


@pytest.mark.needs("any_key")
def test_every_key_is_its_own_object(s3, bucket):
    put_all(s3, bucket, ODD_KEYS)
    for key in ODD_KEYS:
        assert read(s3, bucket, key) == key.encode(), repr(key)
    listed = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 7}):
        listed += keys_of(page)[0]
    assert listed == sorted(ODD_KEYS, key=lambda key: key.encode())


@pytest.mark.needs("any_key")
def test_odd_keys_are_deleted_one_by_one_and_together(s3, bucket):
    put_all(s3, bucket, ODD_KEYS)
    for key in ODD_KEYS[:5]:
        s3.delete_object(Bucket=bucket, Key=key)
    rest = [key for key in ODD_KEYS[5:] if key not in NAMELESS]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in rest]})
    assert "Errors" not in answer
    for key in NAMELESS:
        s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.needs("any_key")
def test_a_key_is_copied_and_uploaded_in_parts_under_any_name(s3, bucket):
    for key in ODD_KEYS:
        s3.put_object(Bucket=bucket, Key="source", Body=key.encode())
        s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": "source"})
        assert read(s3, bucket, key) == key.encode()
        if key in NAMELESS:
            continue
        upload = s3.create_multipart_upload(Bucket=bucket, Key=key)
        assert upload["Key"] == key
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload["UploadId"])


@pytest.mark.parametrize("key", ["a" * 1025, "ü" * 513])
def test_a_key_of_more_than_1024_bytes_is_refused(s3, bucket, key):
    with refused("KeyTooLongError", 400):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")


def test_user_metadata_beyond_ascii(server, s3, bucket):
    value = "Grüße"
    signed = sign(server, "PUT", f"/{bucket}/k", headers={"x-amz-meta-note": value})
    signed["x-amz-meta-note"] = value.encode()
    assert HTTP.request("PUT", f"{server.endpoint}/{bucket}/k", headers=signed, body=b"").status == 200
    answer = s3.head_object(Bucket=bucket, Key="k")
    note = answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-meta-note"]
    assert str(email.header.make_header(email.header.decode_header(note))) == value
