"""aws-cli: s3 cp, sync, mv, rm, ls, presign, and s3api."""

import json
import os

import pytest
import urllib3

from conftest import bytes_of, make_tree, read_tree, run


@pytest.fixture
def aws(server, home):
    def call(*words):
        return run("aws", "--endpoint-url", server.endpoint, *words)

    return call


@pytest.mark.needs("own_bucket")
def test_a_file_goes_and_comes_back(aws, home, bucket_name):
    aws("s3", "mb", f"s3://{bucket_name}")
    content = bytes_of(40 * 1024 * 1024 + 1)
    (home / "up").write_bytes(content)
    aws("s3", "cp", "--no-progress", home / "up", f"s3://{bucket_name}/dir/file name+1")
    aws("s3", "cp", f"s3://{bucket_name}/dir/file name+1", home / "down")
    assert (home / "down").read_bytes() == content
    aws("s3", "cp", f"s3://{bucket_name}/dir/file name+1", f"s3://{bucket_name}/copy")
    aws("s3", "mv", f"s3://{bucket_name}/copy", f"s3://{bucket_name}/moved")
    aws("s3", "cp", f"s3://{bucket_name}/moved", home / "moved")
    assert (home / "moved").read_bytes() == content
    listing = aws("s3", "ls", "--recursive", f"s3://{bucket_name}")
    assert [line.split(maxsplit=3)[3] for line in listing.splitlines()] == ["dir/file name+1", "moved"]
    aws("s3", "rm", f"s3://{bucket_name}/moved")
    aws("s3", "rb", "--force", f"s3://{bucket_name}")


def test_standard_input_and_output(aws, server, home, bucket_name):
    aws("s3", "mb", f"s3://{bucket_name}")
    command = ("aws", "--endpoint-url", server.endpoint, "s3", "cp")
    run(*command, "-", f"s3://{bucket_name}/k", input="from a pipe")
    assert run(*command, f"s3://{bucket_name}/k", "-") == "from a pipe"


def age(root):
    """Makes files older than any object: S3 tells times by the second, and a file of the same second counts as newer."""
    for path in root.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))


def test_a_tree_is_synchronised_both_ways(aws, home, bucket_name):
    aws("s3", "mb", f"s3://{bucket_name}")
    contents = make_tree(home / "up")
    age(home / "up")
    aws("s3", "sync", "--no-progress", home / "up", f"s3://{bucket_name}/tree")
    aws("s3", "sync", "--no-progress", f"s3://{bucket_name}/tree", home / "down")
    assert read_tree(home / "down") == contents
    (home / "up" / "a.txt").unlink()
    (home / "up" / "new").write_bytes(b"new")
    age(home / "up")
    out = aws("s3", "sync", "--no-progress", "--delete", home / "up", f"s3://{bucket_name}/tree")
    assert "delete: " in out and out.count("upload: ") == 1
    aws("s3", "sync", "--no-progress", "--delete", f"s3://{bucket_name}/tree", home / "down")
    assert read_tree(home / "down") == read_tree(home / "up")
    assert aws("s3", "sync", "--no-progress", home / "up", f"s3://{bucket_name}/tree") == ""


def test_a_presigned_url(aws, home, bucket_name):
    aws("s3", "mb", f"s3://{bucket_name}")
    (home / "up").write_bytes(b"shared")
    aws("s3", "cp", home / "up", f"s3://{bucket_name}/k")
    url = aws("s3", "presign", f"s3://{bucket_name}/k").strip()
    assert urllib3.request("GET", url).data == b"shared"


@pytest.mark.needs("versioning")
def test_s3api(aws, home, bucket_name):
    aws("s3api", "create-bucket", "--bucket", bucket_name)
    (home / "up").write_bytes(b"0123456789")
    words = ("--bucket", bucket_name, "--key", "k")
    put = json.loads(aws("s3api", "put-object", *words, "--body", home / "up", "--metadata", "a=1", "--checksum-algorithm", "SHA256"))
    head = json.loads(aws("s3api", "head-object", *words, "--checksum-mode", "ENABLED"))
    assert head["Metadata"] == {"a": "1"} and head["ChecksumSHA256"] == put["ChecksumSHA256"]
    aws("s3api", "get-object", *words, "--range", "bytes=2-4", home / "down")
    assert (home / "down").read_bytes() == b"234"
    listing = json.loads(aws("s3api", "list-objects-v2", "--bucket", bucket_name))
    assert [item["Size"] for item in listing["Contents"]] == [10]
    aws("s3api", "put-bucket-versioning", "--bucket", bucket_name, "--versioning-configuration", "Status=Enabled")
    aws("s3api", "delete-object", *words)
    versions = json.loads(aws("s3api", "list-object-versions", "--bucket", bucket_name))
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (1, 1)


def test_a_large_copy_inside_the_server(aws, home, bucket_name):
    """Above its threshold aws-cli copies in parts."""
    aws("s3", "mb", f"s3://{bucket_name}")
    content = bytes_of(24 * 1024 * 1024)
    (home / "up").write_bytes(content)
    aws("s3api", "put-object", "--bucket", bucket_name, "--key", "from", "--body", home / "up")
    aws("s3", "cp", f"s3://{bucket_name}/from", f"s3://{bucket_name}/to")
    head = json.loads(aws("s3api", "head-object", "--bucket", bucket_name, "--key", "to"))
    assert head["ETag"].endswith('-3"')
    aws("s3", "cp", f"s3://{bucket_name}/to", home / "down")
    assert (home / "down").read_bytes() == content
