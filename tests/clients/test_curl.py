"""curl --aws-sigv4. Debian's curl signs the payload but, as S3 demands, leaves it to the caller to declare its hash."""

import hashlib

import pytest

from conftest import bytes_of, run
from sluice import ACCESS_KEY, SECRET_KEY


@pytest.fixture
def curl(server, home):
    def call(path, *words, payload="UNSIGNED-PAYLOAD"):
        return run("curl", "--silent", "--show-error", "--fail-with-body", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user",
                   f"{ACCESS_KEY}:{SECRET_KEY}", "--header", f"x-amz-content-sha256: {payload}", *words, server.endpoint + path)

    return call


@pytest.mark.needs("own_bucket")
@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_a_file_goes_and_comes_back(curl, home, bucket_name, size):
    content = bytes_of(size)
    (home / "up").write_bytes(content)
    curl(f"/{bucket_name}", "--request", "PUT")
    curl(f"/{bucket_name}/dir/file", "--upload-file", home / "up")
    curl(f"/{bucket_name}/dir/file", "--output", home / "down")
    assert (home / "down").read_bytes() == content
    if size:
        curl(f"/{bucket_name}/dir/file", "--range", "2-5", "--output", home / "part")
        assert (home / "part").read_bytes() == content[2:6]
    assert "<Key>dir/file</Key>" in curl(f"/{bucket_name}?list-type=2")
    head = curl(f"/{bucket_name}/dir/file", "--head")
    assert f"content-length: {size}" in head.lower()
    curl(f"/{bucket_name}/dir/file", "--request", "DELETE")
    curl(f"/{bucket_name}", "--request", "DELETE")


def test_a_payload_that_is_signed(curl, bucket_name):
    curl(f"/{bucket_name}", "--request", "PUT")
    text = "signed bytes"
    digest = hashlib.sha256(text.encode()).hexdigest()
    curl(f"/{bucket_name}/k", "--request", "PUT", "--data-binary", text, payload=digest)
    assert curl(f"/{bucket_name}/k") == text
