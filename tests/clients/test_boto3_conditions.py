"""Conditional writes are atomic: of many racing writers exactly one wins."""

import concurrent.futures

import botocore.exceptions
import pytest

from boto import make_client, read, refused
from conftest import bytes_of

RACERS = 16


def race(writers):
    """Runs all writers at once; returns the outcomes: `None` for success, else the error code."""

    def outcome(write):
        try:
            write()
            return None
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    with concurrent.futures.ThreadPoolExecutor(len(writers)) as pool:
        return list(pool.map(outcome, writers))


@pytest.fixture(scope="module")
def clients(server):
    return [make_client(server) for _ in range(RACERS)]


@pytest.mark.parametrize("size", [40, 200_000])
def test_of_sixteen_racing_creators_exactly_one_wins(clients, s3, bucket, size):
    for turn in range(10):
        key = f"race-{turn}"
        bodies = [bytes_of(size, seed=number) for number in range(RACERS)]
        writers = [
            lambda client=client, body=body: client.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
            for client, body in zip(clients, bodies, strict=True)
        ]
        outcomes = race(writers)
        winners = [number for number, code in enumerate(outcomes) if code is None]
        assert len(winners) == 1, outcomes
        assert set(outcomes) <= {None, "PreconditionFailed", "ConditionalRequestConflict"}
        assert read(s3, bucket, key) == bodies[winners[0]]


def test_of_sixteen_racing_updates_of_one_state_exactly_one_wins(clients, s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"start")["ETag"]
    for turn in range(10):
        writers = [
            lambda client=client, number=number: client.put_object(
                Bucket=bucket, Key="k", Body=b"%d/%d" % (turn, number), IfMatch=etag
            )
            for number, client in enumerate(clients)
        ]
        outcomes = race(writers)
        assert outcomes.count(None) == 1, outcomes
        winner = outcomes.index(None)
        assert read(s3, bucket, "k") == b"%d/%d" % (turn, winner)
        etag = s3.head_object(Bucket=bucket, Key="k")["ETag"]


def test_of_racing_completions_exactly_one_wins(clients, s3, bucket):
    def prepared(number):
        upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"%d" % number)
        return upload, {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}

    uploads = [prepared(number) for number in range(RACERS)]
    outcomes = race([
        lambda client=client, upload=upload, parts=parts: client.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts, IfNoneMatch="*"
        )
        for client, (upload, parts) in zip(clients, uploads, strict=True)
    ])
    assert outcomes.count(None) == 1, outcomes
    assert read(s3, bucket, "k") == b"%d" % outcomes.index(None)


def test_a_creator_finds_the_object_there(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"new", IfNoneMatch="*")
    assert read(s3, bucket, "k") == b"old"


def test_an_update_finds_another_state_or_none(s3, bucket):
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="k", Body=b"new", IfMatch='"0123456789abcdef0123456789abcdef"')
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"new", IfMatch='"0123456789abcdef0123456789abcdef"')
    s3.put_object(Bucket=bucket, Key="k", Body=b"new", IfMatch=etag)
    assert read(s3, bucket, "k") == b"new"


@pytest.mark.needs("versioning")
def test_a_delete_marker_counts_as_absent(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    s3.delete_object(Bucket=bucket, Key="k")
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfMatch=etag)
    s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")


def test_a_copy_writes_on_a_condition(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=b"x")
    etag = s3.put_object(Bucket=bucket, Key="to", Body=b"old")["ETag"]
    source = {"Bucket": bucket, "Key": "from"}
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=source, IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=source, IfMatch='"0123456789abcdef0123456789abcdef"')
    s3.copy_object(Bucket=bucket, Key="to", CopySource=source, IfMatch=etag)
    assert read(s3, bucket, "to") == b"x"


def test_a_delete_on_a_condition(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch='"0123456789abcdef0123456789abcdef"')
    assert read(s3, bucket, "k") == b"x"
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_conditions_that_s3_does_not_have_are_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("NotImplemented", 501):
        s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch='"0123456789abcdef0123456789abcdef"')
