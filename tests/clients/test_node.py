"""@aws-sdk/client-s3 with default settings."""

import os
import pathlib

import pytest

from conftest import run
from sluice import ACCESS_KEY, SECRET_KEY

HERE = pathlib.Path(__file__).parent


@pytest.mark.needs("own_bucket")
def test_the_javascript_client(server, bucket_name):
    if os.environ.get("SLUICE_TEST_NODE") != "1":
        pytest.skip("the packages for Node are not installed")
    modules = HERE.parent.parent / "target" / "clients" / "node"
    out = run("node", HERE / "node" / "client.mjs", modules, server.endpoint, ACCESS_KEY, SECRET_KEY, bucket_name)
    assert out == "everything as it should be\n"
