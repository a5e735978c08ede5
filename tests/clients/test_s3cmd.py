"""s3cmd: put, get, sync, cp, mv, info, del, with signatures of versions 4 and 2."""

import pytest

from conftest import bytes_of, make_tree, read_tree, run
from sluice import ACCESS_KEY, SECRET_KEY


@pytest.fixture(params=["v4", "v2"])
def s3cmd(request, server, home):
    config = home / "s3cfg"
    config.write_text(
        f"[default]\naccess_key = {ACCESS_KEY}\nsecret_key = {SECRET_KEY}\nhost_base = 127.0.0.1:{server.port}\n"
        f"host_bucket = 127.0.0.1:{server.port}\nuse_https = False\nsignature_v2 = {request.param == 'v2'}\n"
        "bucket_location = us-east-1\nmultipart_chunk_size_mb = 5\n"
    )

    def call(*words):
        return run("s3cmd", "--config", config, "--no-progress", *words)

    return call


@pytest.mark.needs("own_bucket")
def test_files_and_trees(s3cmd, home, bucket_name):
    url = f"s3://{bucket_name}"
    s3cmd("mb", url)
    content = bytes_of(12 * 1024 * 1024 + 1)
    (home / "up").write_bytes(content)
    s3cmd("put", home / "up", f"{url}/dir/file name+ü")
    s3cmd("get", f"{url}/dir/file name+ü", home / "down")
    assert (home / "down").read_bytes() == content
    assert str(len(content)) in s3cmd("info", f"{url}/dir/file name+ü")
    s3cmd("cp", f"{url}/dir/file name+ü", f"{url}/copy")
    s3cmd("mv", f"{url}/copy", f"{url}/moved")
    s3cmd("get", f"{url}/moved", home / "moved")
    assert (home / "moved").read_bytes() == content
    contents = make_tree(home / "tree")
    s3cmd("sync", f"{home}/tree/", f"{url}/tree/")
    s3cmd("sync", f"{url}/tree/", f"{home}/back/")
    assert read_tree(home / "back") == contents
    assert s3cmd("ls", "--recursive", f"{url}/tree/").count(f"{url}/tree/") == len(contents)
    s3cmd("del", "--recursive", "--force", url)
    s3cmd("rb", url)
